package io.provenlog;

/**
 * Counters since this process opened the ledger.
 *
 * @param accepted events written to the journal
 * @param stored accepted events that are committed
 * @param recovered events of dead processes that this process committed
 * @param duplicates retries with an id that the agent has used before; such an event is stored once
 * @param conflicts duplicates with different content; the first content stays
 * @param dropped events lost because the journal was full
 * @param gaps gap events recorded, for dropped events and for gaps in adopted journals
 * @param queuedEvents events in the journal that are not yet committed
 * @param queuedBytes their size in the journal, in bytes
 * @param truncated events cut to the maximum size
 * @param redactions markers written
 * @param errors asynchronous errors
 * @param lastError the newest asynchronous error, or null
 */
public record Stats(
    long accepted,
    long stored,
    long recovered,
    long duplicates,
    long conflicts,
    long dropped,
    long gaps,
    long queuedEvents,
    long queuedBytes,
    long truncated,
    long redactions,
    long errors,
    ProvenLogException lastError) {}
