package io.provenlog;

import static io.provenlog.Ledgers.assertFails;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import io.provenlog.ProvenLogException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;

/** Verification by level, key and heads; exports and proofs. */
public class EvidenceTest {
  @Rule public final Ledgers ledgers = new Ledgers();
  private String key;
  private Path head;

  /** Records three events and keeps the ledger's head and public key. */
  @Before
  public void record() throws IOException {
    String first = "";
    for (String name : List.of("a", "b", "c")) {
      first = ledgers.log(Event.of("CUSTOM").name(name).label("name", name)).id();
    }
    Map<String, Object> proof = JsonParser.parseObject(ledgers.client().prove(first));
    key = Report.text(proof, "vkey");
    head = Files.writeString(beside("kept.head"), Report.text(proof, "checkpoint"));
  }

  private Path beside(String name) {
    return ledgers.db().resolveSibling(name);
  }

  private static void assertReaches(String assurance, Report report) {
    assertEquals(report.json(), "OK", report.verdict());
    assertEquals(assurance, report.assurance());
    assertEquals(4, report.assuranceEvents());
  }

  @Test
  public void aVerificationGoesAsFarAsItIsTold() throws IOException {
    for (String level : List.of("chain", "tree", "full")) {
      assertEquals("OK", ledgers.client().verification().level(level).threads(1).run().verdict());
    }
    ledgers.client().close();
    Path path = ledgers.db();
    Files.delete(beside("events.db.key"));
    assertReaches("consistent", Verification.of(path).run());
    assertReaches("signed", Verification.of(path).key(key).run());
    assertReaches("pinned", Verification.of(path).key(key).head(head).incremental().run());
    assertFails(Code.INVALID, () -> Verification.of(path).level("most").run());
    assertFails(Code.INVALID, () -> Verification.of(path).level("a\0b").run());
    assertFails(Code.INVALID, () -> Verification.of(path).key("none").run());
    assertFails(Code.INVALID, () -> Verification.of(path).threads(65).run());
  }

  @Test
  public void anExportIsVerifiedWithoutTheLedger() throws IOException {
    Path file = beside("some.plog");
    Filter some = Filter.all().label("name", "b");
    Export.Exported exported = ledgers.client().export().filter(some).write(file);
    assertEquals(1, exported.events());
    assertEquals(4, exported.treeSize());
    assertEquals(64, exported.root().length());
    assertFails(Code.INVALID, () -> ledgers.client().export().filter(some).write(file));
    ledgers.client().export().filter(some).overwrite().write(file);
    Path tiles = beside("log");
    assertEquals(4, ledgers.client().export().tiles().write(tiles).events());
    ProvenLogClient client = ledgers.client();
    client.close();
    assertFails(Code.CLOSED, () -> client.export().write(beside("late.plog")));

    for (Path path : List.of(file, tiles)) {
      assertReaches("pinned", ExportCheck.of(path).key(key).head(head).run());
    }
    assertReaches("consistent", ExportCheck.of(file).run());
    Files.writeString(file, Files.readString(file).replace("\"tester\"", "\"taster\""));
    assertEquals("TAMPERED", ExportCheck.of(file).run().verdict());
    assertFalse(ExportCheck.of(beside("none.plog")).run().valid());
  }

  @Test
  public void oneEventIsProvedByItself() throws IOException {
    String id = ledgers.events(Filter.all().offset(1).limit(1)).get(0).id();
    Path file = Files.writeString(beside("one.plog"), ledgers.client().prove(id, "tester"));
    Report report = ExportCheck.of(file).key(key).run();
    assertReaches("signed", report);
    assertEquals(1, report.events());
    assertFails(Code.NOT_FOUND, () -> ledgers.client().prove(id, "nobody"));
  }

  @Test
  public void progressMayStopAnExportAndItsCheck() {
    Path file = beside("some.plog");
    assertFails(Code.CANCELLED, () -> ledgers.client().export().progress((done, total) -> false).write(file));
    assertFalse(Files.exists(file));
    boolean[] told = new boolean[1];
    ledgers.client().export().progress((done, total) -> told[0] = done <= total).write(file);
    assertTrue(told[0]);
    IllegalStateException thrown = new IllegalStateException("on purpose");
    ExportCheck check =
        ExportCheck.of(file)
            .progress(
                (done, total) -> {
                  throw thrown;
                });
    assertSame(thrown, assertThrows(IllegalStateException.class, check::run));
  }
}
