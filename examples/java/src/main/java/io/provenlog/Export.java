package io.provenlog;

import java.nio.file.Path;

/**
 * An export to be written: events with all that proves them, which {@link ExportCheck} checks without the ledger. What was
 * logged before is committed and signed first.
 */
public final class Export {
  /**
   * What was exported.
   *
   * @param events how many events were written
   * @param treeSize how many events the tree has
   * @param root the root of the tree, as hexadecimal digits
   * @param tail newer events that no head covers yet
   */
  public record Exported(long events, long treeSize, String root, long tail) {}

  private final Handle client;
  private String filter;
  private boolean tiles;
  private boolean overwrite;
  private Progress progress;

  Export(ProvenLogClient client) {
    this.client = client.handle();
  }

  /** The events that a filter (without order and limits) selects; by default everything. */
  public Export filter(Filter selection) {
    filter = selection.json();
    return this;
  }

  /** As a directory of C2SP tlog-tiles, brought up to date if it is there, in place of a {@code .plog} file. */
  public Export tiles() {
    tiles = true;
    return this;
  }

  /** The file may be there already. */
  public Export overwrite() {
    overwrite = true;
    return this;
  }

  /** Calls {@code watcher} on this thread. What it throws stops the export, which then leaves nothing behind. */
  public Export progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Writes it. */
  public Exported write(Path file) {
    Work work = new Work(progress);
    byte[] path = Plog.terminated("path", file.toString());
    Plog.Struct options =
        new Plog.Struct(48) // plog_export_options
            .int32(tiles ? 1 : 0)
            .text("db_path", null)
            .text("filter", filter)
            .int32(overwrite ? 1 : 0)
            .int32(0) // reserved
            .callback(work.watcher())
            .int64(0); // user_data
    var report =
        JsonParser.parseObject(
            work.run(
                client, options, (address, out, err) -> Plog.plog_export(address, options.pointer(), path, out, err)));
    return new Exported(
        Report.number(report, "events"),
        Report.number(report, "tree_size"),
        Report.text(report, "root"),
        Report.number(report, "tail"));
  }
}
