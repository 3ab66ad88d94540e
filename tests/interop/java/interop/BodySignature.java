package interop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.soap.SOAPMessage;
import javax.xml.transform.dom.DOMSource;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Signs what leaves, by Java's own XML signatures: wsse:Security with one reference, to the Body. */
final class BodySignature implements SOAPHandler<SOAPMessageContext> {
    private static final String WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";
    private static final String WSSE = WSS + "wssecurity-secext-1.0.xsd";
    private static final String WSU = WSS + "wssecurity-utility-1.0.xsd";
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final String XMLNS = "http://www.w3.org/2000/xmlns/";

    private final PrivateKey key;
    private final X509Certificate certificate;

    BodySignature(Path pkcs12, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (var file = Files.newInputStream(pkcs12)) {
            store.load(file, password);
        }
        String alias = store.aliases().nextElement();
        key = (PrivateKey) store.getKey(alias, password);
        certificate = (X509Certificate) store.getCertificate(alias);
    }

    @Override
    public boolean handleMessage(SOAPMessageContext context) {
        if (Boolean.TRUE.equals(context.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY))) {
            try {
                SOAPMessage message = context.getMessage();
                message.getSOAPPart().setContent(new DOMSource(signed(message)));
                message.saveChanges();
            } catch (Exception error) {
                throw new IllegalStateException("the message could not be signed", error);
            }
        }
        return true;
    }

    /** The message as a plain document, signed. SAAJ's own tree wraps its nodes, which XML signatures cannot take. */
    private Document signed(SOAPMessage message) throws Exception {
        var bytes = new ByteArrayOutputStream();
        message.writeTo(bytes);
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        Document document = builders.newDocumentBuilder().parse(new ByteArrayInputStream(bytes.toByteArray()));

        Element envelope = document.getDocumentElement();
        Element body = (Element) envelope.getElementsByTagNameNS(SOAP, "Body").item(0);
        String identifier = "id-" + UUID.randomUUID();
        body.setAttributeNS(XMLNS, "xmlns:wsu", WSU);
        body.setAttributeNS(WSU, "wsu:Id", identifier);
        body.setIdAttributeNS(WSU, "Id", true);

        Element header = (Element) envelope.getElementsByTagNameNS(SOAP, "Header").item(0);
        if (header == null) {
            header = document.createElementNS(SOAP, envelope.getPrefix() + ":Header");
            envelope.insertBefore(header, body);
        }
        Element security = document.createElementNS(WSSE, "wsse:Security");
        security.setAttributeNS(XMLNS, "xmlns:wsse", WSSE);
        header.appendChild(security);
        sign(identifier, security);
        return document;
    }

    private void sign(String identifier, Element security) throws Exception {
        XMLSignatureFactory signatures = XMLSignatureFactory.getInstance("DOM");
        Reference reference = signatures.newReference(
                "#" + identifier,
                signatures.newDigestMethod(DigestMethod.SHA256, null),
                List.of(signatures.newTransform(CanonicalizationMethod.EXCLUSIVE, (TransformParameterSpec) null)),
                null,
                null);
        SignedInfo signedInfo = signatures.newSignedInfo(
                signatures.newCanonicalizationMethod(
                        CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
                signatures.newSignatureMethod(SignatureMethod.RSA_SHA256, null),
                List.of(reference));
        KeyInfoFactory keys = signatures.getKeyInfoFactory();
        KeyInfo keyInfo = keys.newKeyInfo(List.of(keys.newX509Data(List.of(certificate))));
        DOMSignContext place = new DOMSignContext(key, security);
        place.setDefaultNamespacePrefix("ds");
        signatures.newXMLSignature(signedInfo, keyInfo).sign(place);
    }

    @Override
    public boolean handleFault(SOAPMessageContext context) {
        return true;
    }

    @Override
    public void close(MessageContext context) {}

    /** A signed answer's wsse:Security may be there. */
    @Override
    public Set<QName> getHeaders() {
        return Collections.singleton(new QName(WSSE, "Security"));
    }
}
