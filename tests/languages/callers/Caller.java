import io.provenlog.ClientOptions;
import io.provenlog.ProvenLogClient;
import io.provenlog.ProvenLogException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** See caller.py for the command. A line has the name before a tab, and the parameters after it. */
public final class Caller {
  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ProvenLogClient client = new ProvenLogClient(new ClientOptions().dbPath(arguments[0]))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] call = line.split("\t", 2);
        try {
          out.println(client.call(call[0], call[1]));
        } catch (ProvenLogException error) {
          out.println("error: " + error.getMessage());
        }
        out.println("end");
      }
    }
  }
}
