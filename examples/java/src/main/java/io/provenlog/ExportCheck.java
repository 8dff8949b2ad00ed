package io.provenlog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The check of a {@code .plog} file, or of a directory of tiles. No ledger, configuration or network is needed. */
public final class ExportCheck {
  private final Path file;
  private String key;
  private final List<String> heads = new ArrayList<>();
  private Progress progress;

  private ExportCheck(Path file) {
    this.file = file;
  }

  /** By the export's own key, which shows that it is consistent, not who made it. */
  public static ExportCheck of(Path file) {
    return new ExportCheck(file);
  }

  /** A trusted public key, or the path of a file with one. */
  public ExportCheck key(String trusted) {
    key = trusted;
    return this;
  }

  /** A file with a trusted head; may be called several times. */
  public ExportCheck head(Path head) {
    heads.add(head.toString());
    return this;
  }

  /** Calls {@code watcher} on this thread. What it throws stops the check and is thrown by {@code run}. */
  public ExportCheck progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Runs it. It throws only for a bad argument or a cancel. */
  public Report run() {
    Work work = new Work(progress);
    byte[] path = Plog.terminated("path", file.toString());
    Plog.Struct options =
        new Plog.Struct(40) // plog_check_options
            .int32(heads.size())
            .texts("head", heads)
            .text("key", key)
            .callback(work.watcher())
            .int64(0); // user_data
    return Report.parse(
        work.run(null, options, (none, out, err) -> Plog.plog_verify_export(path, options.pointer(), out, err)));
  }
}
