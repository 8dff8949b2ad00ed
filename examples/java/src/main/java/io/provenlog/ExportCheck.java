package io.provenlog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The check of a {@code .plog} file or of a directory of tiles. It needs no ledger, configuration or network. */
public final class ExportCheck {
  private final Path file;
  private String key;
  private final List<String> heads = new ArrayList<>();
  private Progress progress;

  private ExportCheck(Path file) {
    this.file = file;
  }

  /**
   * Returns a check of an export. Without a trusted key or head it uses the key in the export, which shows that the
   * export is consistent, but not who made it.
   */
  public static ExportCheck of(Path file) {
    return new ExportCheck(file);
  }

  /** Sets a trusted public key, or the path of a file that contains one. */
  public ExportCheck key(String trusted) {
    key = trusted;
    return this;
  }

  /** Adds a file with a trusted head. It may be called more than once. */
  public ExportCheck head(Path head) {
    heads.add(head.toString());
    return this;
  }

  /**
   * Calls {@code watcher} on the thread of {@link #run}. If it returns false or throws a RuntimeException, the check
   * stops. {@code run} throws that exception again.
   */
  public ExportCheck progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Runs the check. It throws only for an invalid argument or if the watcher stopped it. */
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
