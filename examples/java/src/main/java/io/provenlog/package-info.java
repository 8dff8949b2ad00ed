/**
 * Records what an agent does in a tamper-evident ledger, queries it and verifies it.
 *
 * <p>Start with {@link io.provenlog.ProvenLogClient}. The package needs libprovenlog, which JNA finds where the system
 * looks for libraries, in {@code LD_LIBRARY_PATH}, or in the property {@code jna.library.path}.
 */
package io.provenlog;
