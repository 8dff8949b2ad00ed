package io.provenlog;

/** Receives the progress of a verification or an export. */
@FunctionalInterface
public interface Progress {
  /**
   * Called repeatedly on the thread that runs the work. It must not use the client.
   *
   * @param done number of events done
   * @param total number of events to do
   * @return false to stop the work, which then throws CANCELLED
   */
  boolean update(long done, long total);
}
