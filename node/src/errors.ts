/** The errors of provenlog. All derive from `ProvenLogError`, whose `code` is the status of the core. */

/**
 * The base class of every error that provenlog defines. `status` is the number of the status in `plog.h`, and `code` is
 * its name. Both are stable.
 */
export class ProvenLogError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(message: string, status = -1, code = "PLOG_E_UNKNOWN") {
    super(message);
    this.status = status;
    this.code = code;
    this.name = new.target.name;
  }
}

/** An event, a filter or an argument is invalid; the message names it. */
export class InvalidEventError extends ProvenLogError {
  constructor(message: string) {
    super(message, 1, "PLOG_E_INVALID");
  }
}

/**
 * The value of an option is out of range or not a choice, or a configuration file, an environment variable or a redaction
 * rule is invalid.
 */
export class ConfigError extends ProvenLogError {
  constructor(message: string) {
    super(message, 2, "PLOG_E_CONFIG");
  }
}

/** There is no such event, file or agent. */
export class NotFoundError extends ProvenLogError {
  constructor(message: string) {
    super(message, 3, "PLOG_E_NOT_FOUND");
  }
}

/** The operating system reported an error: permission, disk, device. */
export class StorageError extends ProvenLogError {
  constructor(message: string) {
    super(message, 4, "PLOG_E_IO");
  }
}

/** The journal reached its limit or the disk is full: the event was not recorded. */
export class JournalFullError extends ProvenLogError {
  constructor(message: string) {
    super(message, 5, "PLOG_E_FULL");
  }
}

/** The deadline passed; accepted events are safe in the journal. */
export class FlushTimeoutError extends ProvenLogError {
  constructor(message: string) {
    super(message, 6, "PLOG_E_TIMEOUT");
  }
}

/** The client is closed. */
export class ClosedError extends ProvenLogError {
  constructor(message: string) {
    super(message, 7, "PLOG_E_CLOSED");
  }
}

/** Another process has held the ledger's lock for too long. */
export class BusyError extends ProvenLogError {
  constructor(message: string) {
    super(message, 8, "PLOG_E_BUSY");
  }
}

/** The file is not a ledger, or is damaged. */
export class CorruptLedgerError extends ProvenLogError {
  constructor(message: string) {
    super(message, 9, "PLOG_E_CORRUPT");
  }
}

/** A newer format, a network file system, or server mode. */
export class UnsupportedError extends ProvenLogError {
  constructor(message: string) {
    super(message, 10, "PLOG_E_UNSUPPORTED");
  }
}

/** A callback asked to stop. */
export class OperationCancelledError extends ProvenLogError {
  constructor(message: string) {
    super(message, 11, "PLOG_E_CANCELLED");
  }
}

/** The core could not allocate memory. */
export class OutOfMemoryError extends ProvenLogError {
  constructor(message: string) {
    super(message, 12, "PLOG_E_NO_MEMORY");
  }
}

/** A defect of the library; please report it. */
export class InternalError extends ProvenLogError {
  constructor(message: string) {
    super(message, 13, "PLOG_E_INTERNAL");
  }
}

const classes = [
  InvalidEventError,
  ConfigError,
  NotFoundError,
  StorageError,
  JournalFullError,
  FlushTimeoutError,
  ClosedError,
  BusyError,
  CorruptLedgerError,
  UnsupportedError,
  OperationCancelledError,
  OutOfMemoryError,
  InternalError,
];

/** Returns the error for a status, without throwing it. `onError` receives it. */
export function fromStatus(status: number, message: string): ProvenLogError {
  const found = classes[status - 1];
  return found === undefined ? new ProvenLogError(message, status) : new found(message);
}

/** Returns the text of a thrown value, or its type if it has no text or cannot be converted. */
export function describe(error: unknown): string {
  try {
    const text: unknown = error instanceof Error ? error.message || error.name : error;
    return String(text);
  } catch {
    return typeof error;
  }
}
