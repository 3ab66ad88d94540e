import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.util.HexFormat;
import org.bouncycastle.jce.ECGOST3410NamedCurveTable;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jce.spec.ECNamedCurveParameterSpec;
import org.bouncycastle.jce.spec.ECPublicKeySpec;

/**
 * Verifies one GOST 34.10-2012 signature (512 bits) with BouncyCastle, as often as it is asked to.
 *
 * <p>It reads lines and answers each with a line:
 *
 * <pre>
 * load X Y SIGNATURE DATA   in hexadecimal: the key's coordinates, s‖r (both highest octet first), the signed octets
 * verify                    true or false
 * seen COUNT                so many verifications with one key object; microseconds each: the thread's, the clock's
 * first COUNT               the same, with a key object made anew for each
 * versions                  Java's and BouncyCastle's
 * </pre>
 *
 * <p>BouncyCastle remembers multiples of a point with the point, so the one key object is the signer seen before.
 */
public final class BouncyCastle {
    private static final ECNamedCurveParameterSpec CURVE =
            ECGOST3410NamedCurveTable.getParameterSpec("Tc26-Gost-3410-12-512-paramSetA");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final KeyFactory keys;
    private final Signature verifier;
    private BigInteger x;
    private BigInteger y;
    private byte[] signature;
    private byte[] data;
    private PublicKey seen;

    private BouncyCastle(Provider provider) throws Exception {
        keys = KeyFactory.getInstance("ECGOST3410-2012", provider);
        verifier = Signature.getInstance("ECGOST3410-2012-512", provider);
    }

    public static void main(String[] arguments) throws Exception {
        var provider = new BouncyCastleProvider();
        var peer = new BouncyCastle(provider);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] words = line.split(" ");
            System.out.println(switch (words[0]) {
                case "load" -> peer.load(words);
                case "verify" -> peer.verify(peer.seen);
                case "seen" -> peer.time(Integer.parseInt(words[1]), false);
                case "first" -> peer.time(Integer.parseInt(words[1]), true);
                case "versions" -> System.getProperty("java.version") + " " + provider.getVersionStr();
                default -> throw new IllegalArgumentException(line);
            });
        }
    }

    private boolean load(String[] words) throws Exception {
        x = new BigInteger(words[1], 16);
        y = new BigInteger(words[2], 16);
        signature = HexFormat.of().parseHex(words[3]);
        data = HexFormat.of().parseHex(words[4]);
        seen = key();
        return true;
    }

    private PublicKey key() throws Exception {
        return keys.generatePublic(new ECPublicKeySpec(CURVE.getCurve().createPoint(x, y), CURVE));
    }

    private boolean verify(PublicKey key) throws Exception {
        verifier.initVerify(key);
        verifier.update(data);
        return verifier.verify(signature);
    }

    private String time(int count, boolean anew) throws Exception {
        long cpu = THREADS.getCurrentThreadCpuTime();
        long clock = System.nanoTime();
        for (int i = 0; i < count; i++) {
            if (!verify(anew ? key() : seen)) {
                throw new IllegalStateException("the signature does not hold");
            }
        }
        clock = System.nanoTime() - clock;
        cpu = THREADS.getCurrentThreadCpuTime() - cpu;
        return cpu / 1000.0 / count + " " + clock / 1000.0 / count;
    }
}
