import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/**
 * Writes PKCS#12 files by the key stores of the JDK (SUN) and of BouncyCastle (BC), around keys that neither knows.
 *
 * Arguments: PASSWORD, then for each file PROVIDER KEY.der CERTIFICATE.der FILE.p12.
 */
class Pkcs12Maker {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider((Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider")
            .getDeclaredConstructor().newInstance());
        char[] password = arguments[0].toCharArray();
        for (int at = 1; at < arguments.length; at += 4) {
            String provider = arguments[at];
            byte[] key = Files.readAllBytes(Path.of(arguments[at + 1]));
            KeyStore store = provider.equals("BC")
                ? KeyStore.getInstance("PKCS12", "BC") : KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("key", new Encoded(key), password, new Certificate[] {read(arguments[at + 2])});
            try (FileOutputStream file = new FileOutputStream(arguments[at + 3])) {
                store.store(file, password);
            }
        }
    }

    private static Certificate read(String file) throws Exception {
        try (FileInputStream octets = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(octets);
        }
    }

    /** A key that is its PKCS#8 octets and nothing else. */
    private record Encoded(byte[] octets) implements PrivateKey {
        @Override public String getAlgorithm() { return "GOST"; }

        @Override public String getFormat() { return "PKCS#8"; }

        @Override public byte[] getEncoded() { return octets; }
    }
}
