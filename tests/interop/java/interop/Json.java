package interop;

import static java.util.stream.Collectors.joining;

import java.math.BigInteger;
import java.util.Collection;
import java.util.Map;
import javax.xml.datatype.XMLGregorianCalendar;

/** Values as JSON: maps, collections, integers, booleans, null; dates as the texts they would be in XML. */
final class Json {
    private Json() {}

    static String of(Object value) {
        if (value == null || value instanceof Boolean || value instanceof BigInteger) {
            return String.valueOf(value);
        }
        if (value instanceof Map<?, ?> map) {
            var members = map.entrySet().stream().map(each -> of(each.getKey()) + ":" + of(each.getValue()));
            return "{" + members.collect(joining(",")) + "}";
        }
        if (value instanceof Collection<?> collection) {
            return "[" + collection.stream().map(Json::of).collect(joining(",")) + "]";
        }
        if (value instanceof XMLGregorianCalendar calendar) {
            return quoted(calendar.toXMLFormat());
        }
        return quoted(value.toString());
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\' || c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
