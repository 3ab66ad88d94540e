import java.io.File;
import java.io.FileInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The JDK's opinion of signed envelopes: XmlDsigOpinion CERTIFICATE FILE… prints FILE and true or false a line. */
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
            DOMValidateContext context = new DOMValidateContext(
                certificate.getPublicKey(), document.getElementsByTagNameNS(DS, "Signature").item(0));
            context.setIdAttributeNS(body, WSU, "Id");
            boolean valid = signatures.unmarshalXMLSignature(context).validate(context);
            System.out.println(arguments[i] + " " + valid);
        }
    }
}
