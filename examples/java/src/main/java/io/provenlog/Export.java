package io.provenlog;

import java.nio.file.Path;

/**
 * An export of events together with their proofs, which {@link ExportCheck} can check without the ledger.
 * {@link #write} first commits and signs all events logged before the call.
 */
public final class Export {
  /**
   * The result of an export.
   *
   * @param events number of events exported
   * @param treeSize number of events in the tree
   * @param root root hash of the tree, in hexadecimal
   * @param tail number of newer events that no head covers; they were not exported
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

  /**
   * Exports only the events that a filter selects. The filter must not set an order, limit, offset or position. The
   * default is all events, including system events.
   */
  public Export filter(Filter selection) {
    filter = selection.json();
    return this;
  }

  /** Writes a directory of C2SP tlog-tiles, or updates an existing one, instead of a {@code .plog} file. */
  public Export tiles() {
    tiles = true;
    return this;
  }

  /** Replaces an existing file. Not allowed with {@link #tiles}. */
  public Export overwrite() {
    overwrite = true;
    return this;
  }

  /**
   * Calls {@code watcher} on the thread of {@link #write}. If it returns false or throws a RuntimeException, the export
   * stops and removes the unfinished file. {@code write} throws that exception again.
   */
  public Export progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Writes the export to {@code file}. */
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
