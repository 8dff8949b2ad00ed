package io.provenlog;

/** What every failing call throws. */
public final class ProvenLogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure it is. The numbers are those of plog_status and never change. */
  public enum Code {
    /** An argument, an event or a filter is not acceptable; the message names it. */
    INVALID(1),
    /** A configuration file, rule or environment variable is broken. */
    CONFIG(2),
    /** There is no such event, file or agent. */
    NOT_FOUND(3),
    /** The operating system refused. */
    IO(4),
    /** The journal reached its limit, or the disk is full: the event was NOT recorded. */
    FULL(5),
    /** The deadline passed; what was accepted is safe in the journal. */
    TIMEOUT(6),
    /** The client, cursor or redactor was closed. */
    CLOSED(7),
    /** Another process holds the ledger's lock for too long. */
    BUSY(8),
    /** The file is no ledger, or is damaged. */
    CORRUPT(9),
    /** A newer format, a network file system, or server mode. */
    UNSUPPORTED(10),
    /** A callback asked to stop. */
    CANCELLED(11),
    /** There is no memory. */
    NO_MEMORY(12),
    /** A defect of the library, or a status that this package does not know. */
    INTERNAL(13);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    /** The number of the plog_status. */
    public int number() {
      return number;
    }

    static Code of(int number) {
      for (Code code : values()) {
        if (code.number == number) {
          return code;
        }
      }
      return INTERNAL;
    }
  }

  private final Code code;

  ProvenLogException(Code code, String message) {
    super(message);
    this.code = code;
  }

  /** What kind of failure it is. */
  public Code code() {
    return code;
  }

  @Override
  public String toString() {
    return getClass().getName() + ": " + getMessage() + " (PLOG_E_" + code + ")";
  }
}
