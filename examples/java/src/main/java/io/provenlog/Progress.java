package io.provenlog;

/** Told now and then how far a verification or an export is. */
@FunctionalInterface
public interface Progress {
  /** Returns false to stop the work, which then throws CANCELLED. Must not use the client. */
  boolean update(long done, long total);
}
