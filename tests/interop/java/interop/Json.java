package interop;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import javax.xml.datatype.XMLGregorianCalendar;

/** Values as JSON: maps, collections, numbers, booleans, null; dates and decimals as the texts they would be in XML. */
final class Json {
    private Json() {}

    static String of(Object value) {
        if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof java.math.BigInteger) {
            return String.valueOf(value);
        }
        if (value instanceof Map<?, ?> map) {
            return joined('{', map.entrySet().stream().map(e -> quoted(e.getKey().toString()) + ":" + of(e.getValue())).iterator(), '}');
        }
        if (value instanceof Collection<?> collection) {
            return joined('[', collection.stream().map(Json::of).iterator(), ']');
        }
        if (value instanceof XMLGregorianCalendar calendar) {
            return quoted(calendar.toXMLFormat());
        }
        return quoted(value.toString());
    }

    private static String joined(char open, Iterator<String> parts, char close) {
        return open + String.join(",", (Iterable<String>) () -> parts) + close;
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            quoted.append(c == '"' || c == '\\' ? "\\" + c : c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return quoted.append('"').toString();
    }
}
