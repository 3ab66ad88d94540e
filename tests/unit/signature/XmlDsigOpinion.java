import java.io.File;
import java.io.FileInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * The JDK's opinion of signed envelopes and documents: XmlDsigOpinion CERTIFICATE FILE… prints FILE and true or false
 * a line. Of several signatures the last one is judged first, and taken off; all must hold.
 */
public class XmlDsigOpinion {
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String DS = "http://www.w3.org/2000/09/xmldsig#";
    private static final String WSU =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

    public static void main(String[] arguments) throws Exception {
        X509Certificate certificate;
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
        DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
        documents.setNamespaceAware(true);
        XMLSignatureFactory signatures = XMLSignatureFactory.getInstance("DOM");
        for (int i = 1; i < arguments.length; i++) {
            Document document = documents.newDocumentBuilder().parse(new File(arguments[i]));
            Element body = (Element) document.getElementsByTagNameNS(SOAP, "Body").item(0);
            NodeList found = document.getElementsByTagNameNS(DS, "Signature");
            boolean valid = found.getLength() > 0;
            while (found.getLength() > 0) {
                Node signature = found.item(found.getLength() - 1);
                DOMValidateContext context = new DOMValidateContext(certificate.getPublicKey(), signature);
                for (String namespace : new String[] {WSU, null}) {
                    if (body != null && body.hasAttributeNS(namespace, "Id")) {
                        context.setIdAttributeNS(body, namespace, "Id");
                    }
                }
                valid &= signatures.unmarshalXMLSignature(context).validate(context);
                signature.getParentNode().removeChild(signature);
            }
            System.out.println(arguments[i] + " " + valid);
        }
    }
}
