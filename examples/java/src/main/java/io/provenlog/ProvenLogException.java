package io.provenlog;

/** Thrown by every call that fails. */
public final class ProvenLogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kind of a failure. The numbers are those of plog_status and never change. */
  public enum Code {
    /** An argument, event or filter is invalid; the message names it. */
    INVALID(1),
    /** A configuration file, redaction rule or environment variable is invalid. */
    CONFIG(2),
    /** There is no such event, file or agent. */
    NOT_FOUND(3),
    /** An operating system call failed. */
    IO(4),
    /** The journal reached its limit, or the disk is full: the event was NOT recorded. */
    FULL(5),
    /** The deadline passed; accepted events are safe in the journal. */
    TIMEOUT(6),
    /** The client, cursor or redactor is closed. */
    CLOSED(7),
    /** Another process held the ledger's lock for too long. */
    BUSY(8),
    /** The file is not a ledger, or it is damaged. */
    CORRUPT(9),
    /** A newer format, a network file system, or server mode. */
    UNSUPPORTED(10),
    /** A callback asked to stop. */
    CANCELLED(11),
    /** Out of memory. */
    NO_MEMORY(12),
    /** A defect of the library, or a status number that this package does not know. */
    INTERNAL(13);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    /** Returns the number of the plog_status. */
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

  /** Returns the kind of the failure. */
  public Code code() {
    return code;
  }

  @Override
  public String toString() {
    return getClass().getName() + ": " + getMessage() + " (PLOG_E_" + code + ")";
  }
}
