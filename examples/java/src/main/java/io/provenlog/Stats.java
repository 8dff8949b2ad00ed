package io.provenlog;

/**
 * What happened since this process opened the ledger.
 *
 * @param accepted events journalled
 * @param stored of these, committed
 * @param recovered events of dead processes that this process committed
 * @param duplicates retries of an id already in the ledger: stored once
 * @param conflicts of these, with different content: the first content stands
 * @param dropped events lost because the journal was full
 * @param gaps gap events recorded for them, and for gaps found in the journals of dead processes
 * @param queuedEvents journalled, not yet committed
 * @param queuedBytes the same in octets
 * @param truncated events cut to their maximal size
 * @param redactions markers written
 * @param errors errors of what happens in the background
 * @param lastError the newest of them, or null
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
