/*
 * A model of the journal, its delivery to a sink, its adoption and the commit (core/spool, core/writer) for spin.
 *
 * There is one owner with two threads (a caller, which records or drops events, and a committing thread), two adopters
 * that may start at any time, and at the end one recovery that runs undisturbed. Up to KILLS times in a run, a process
 * is killed between two of its steps. With POWER_LOSS, everything may stop once, and any combination of the data that
 * was not synced is lost.
 *
 * Without SINK, the sink is the writer of the local ledger, which answers at once and stores the position of the journal
 * together with the events. With SINK, it is a server: WINDOW batches are on their way at a time, it answers in any order,
 * its answers get lost after it has stored the events, and it knows no positions.
 *
 * A step is what the implementation does in one system call, in one SQLite commit, or under its mutex. README.md lists
 * the other assumptions and the number of states.
 *
 * Settings (-D): N events, SEG records in a segment, at most DROPS dropped events, at most KILLS kills, BATCH events in
 * a transaction of an adopter; POWER (durability `power`), POWER_LOSS; SINK, FAILURES answers that get lost.
 * Mutants, which must fail: UNLINK_FIRST, ACK_FIRST, NO_FLOCK, NO_UNIQUE, ONE_ACCOUNT, NO_SYNC, FORGET_FIRST; with SINK
 * also OUT_OF_ORDER (an answer moves the position although an earlier batch has none) and FORGET_FAILED (a failure counts
 * as an answer).
 */
#ifndef N
#define N 4
#endif
#ifndef SEG
#define SEG 2
#endif
#ifndef DROPS
#define DROPS 2
#endif
#ifndef KILLS
#define KILLS 3
#endif
#ifndef BATCH
#define BATCH 2
#endif

#ifndef FAILURES
#define FAILURES 1
#endif

#define WINDOW 2
#define OWNER 1
#define ADOPTERS 2 /* processes 2 and 3; 4 is the recovery at the end */
#define LAST 4
#define NOBODY 0
#define NONE 255
#define BIT(i) (1 << (i))
#define SEGMENTS ((N + SEG - 1) / SEG)

/* ---- Files. A reader cannot reach a record if an earlier record of its segment is lost. */
bool owner_file;
byte segments;     /* existing names, as bits */
byte created;      /* all names that ever existed, as bits */
byte records;      /* existing records, as bits */
byte flock_holder; /* holder of the lock on the owner file */
byte lock_holder;  /* holder of the ledger's writer lock */
byte generation = 1, frozen, current; /* the account in the owner file */

/* ---- The ledger, and the part of it that survives a loss of power. */
typedef Ledger {
  byte stored;    /* stored events, as bits */
  bool twice;     /* whether an event is stored more than once */
  byte position;  /* position of the journal */
  byte gaps;      /* generations whose gap event is stored, as bits */
  byte accounted; /* number of dropped events in gap events */
}
Ledger ledger;
#ifdef POWER_LOSS
Ledger durable;
byte durable_generation = 1, durable_frozen, durable_current;
bool power_lost;
bool outage; /* from the loss of power until all processes have ended */
#endif

/* ---- State of the model itself: which processes run, and what the properties need. */
bool up[5];     /* the process may act; false from the moment when it is killed */
bool acting[5]; /* the process has not yet ended */
byte acknowledged, dropped;
byte at_work; /* the adopter that works on the journal */
byte kills;
byte gone;  /* number of adopters that will not start again */
byte owner_threads = 2;
bool killer_done;

/* ---- The owner's memory. */
byte written, committed;
bool caller_done;

/* One step of a thread of the owner. Ends the thread if the owner was killed. */
#define STEP(statement) \
  atomic { \
    if \
    :: up[OWNER] -> statement \
    :: else -> goto killed \
    fi \
  }
/* One step of an adopter, which may be killed instead. */
#define ADOPTER_STEP(statement) \
  atomic { \
    if \
    :: up[me] -> statement \
    :: up[me] && me != LAST && kills < KILLS -> kills++; goto killed \
    :: !up[me] -> goto killed \
    fi \
  }

inline copy_ledger(to, from) {
  to.stored = from.stored;
  to.twice = from.twice;
  to.position = from.position;
  to.gaps = from.gaps;
  to.accounted = from.accounted
}

inline insert_events(bits) {
#ifdef NO_UNIQUE
  if :: ledger.stored & (bits) -> ledger.twice = true :: else fi;
#endif
  ledger.stored = ledger.stored | (bits)
}

inline insert_gap(g, count) {
  if
#ifndef NO_UNIQUE
  :: count > 0 && (ledger.gaps & BIT(g)) -> skip
  :: count > 0 && !(ledger.gaps & BIT(g)) -> ledger.gaps = ledger.gaps | BIT(g); ledger.accounted = ledger.accounted + count
#else
  :: count > 0 -> ledger.accounted = ledger.accounted + count
#endif
  :: count == 0 -> skip
  fi
}

/* What the kernel does when process p ends: it releases the locks, together with the last thread. */
inline let_go(p) {
  if :: flock_holder == p -> flock_holder = NOBODY :: else fi;
  if :: lock_holder == p -> lock_holder = NOBODY :: else fi;
  if :: at_work == p -> at_work = NOBODY :: else fi
}
inline owner_thread_ends() {
  atomic {
    owner_threads--;
    if :: owner_threads == 0 -> up[OWNER] = false; let_go(OWNER) :: else fi
  }
}

inline sync_ledger() {
#if defined(POWER_LOSS) && !defined(NO_SYNC)
  copy_ledger(durable, ledger)
#else
  skip
#endif
}

/* ---- The owner */

proctype Caller() {
  byte event = 0;
  do
  :: event < N ->
    if
    :: dropped < DROPS ->
      STEP(current++; dropped++) /* saved in the owner file before log_event reports it */
    :: true ->
      STEP(segments = segments | BIT(event / SEG); created = created | BIT(event / SEG));
#ifdef ACK_FIRST
      STEP(acknowledged = acknowledged | BIT(event));
#endif
      STEP(records = records | BIT(event); written = event + 1;
#ifndef POWER
           acknowledged = acknowledged | BIT(event)
#else
           skip
#endif
      );
#ifdef POWER
      do
      :: !up[OWNER] -> goto killed
      :: up[OWNER] && committed > event -> break
      od;
      STEP(acknowledged = acknowledged | BIT(event));
#endif
      event++
    fi
  :: event == N -> break
  od;
  caller_done = true;
killed:
  event = 0;
  owner_thread_ends()
}

#ifdef SINK
/* The batches that were handed out, oldest first: slot `oldest` and then the other one. */
#define FREE 0
#define SENT 1
#define STORED 2
#define ANSWERED 3
#define FAILED 4
byte slot[WINDOW], from[WINDOW], till[WINDOW], gap_of[WINDOW], generation_of[WINDOW];
byte oldest, handed, failures;
bool gap_out, server_done;

/* The server goes on with what it has received, even when the owner is dead. */
proctype Server() {
  byte s;
  do
  :: atomic {
      if :: slot[0] == SENT -> s = 0 :: slot[1] == SENT -> s = 1 fi;
      insert_gap(generation_of[s], gap_of[s]);
      insert_events((BIT(till[s]) - 1) & ~(BIT(from[s]) - 1));
      slot[s] = STORED; s = 0
    }
  :: atomic {
      if :: slot[0] == STORED -> s = 0 :: slot[1] == STORED -> s = 1 fi;
      if :: slot[s] = ANSWERED :: failures < FAILURES -> failures++; slot[s] = FAILED fi;
      s = 0
    }
  :: atomic { /* the request itself got lost */
      failures < FAILURES && (slot[0] == SENT || slot[1] == SENT);
      if :: slot[0] == SENT -> slot[0] = FAILED :: slot[1] == SENT -> slot[1] = FAILED fi;
      failures++
    }
  :: atomic { server_done && slot[0] != SENT && slot[0] != STORED && slot[1] != SENT && slot[1] != STORED -> break }
  od
}

#define NEXT_FREE (slot[oldest] == FREE -> oldest : 1 - oldest)

proctype CommittingThread() {
  byte i, s;
  do
  /* Hands out the next batch. */
  :: up[OWNER] && slot[NEXT_FREE] == FREE && (handed < written || (!gap_out && frozen + current > 0)) ->
    STEP(
      s = NEXT_FREE;
      from[s] = handed; till[s] = written; handed = written; gap_of[s] = 0;
      if
      :: !gap_out && frozen + current > 0 ->
        if :: frozen == 0 -> frozen = current; current = 0 :: else fi;
        gap_of[s] = frozen; generation_of[s] = generation; gap_out = true
      :: else
      fi;
      slot[s] = SENT; s = 0)
  /* Hands out a batch again. */
#ifndef FORGET_FAILED
  :: up[OWNER] && slot[0] == FAILED -> STEP(slot[0] = SENT)
  :: up[OWNER] && slot[1] == FAILED -> STEP(slot[1] = SENT)
#endif
  /* The oldest batch is answered, so the position moves. */
#ifdef OUT_OF_ORDER
  :: up[OWNER] && (slot[0] == ANSWERED || slot[1] == ANSWERED) ->
    STEP(
      if :: slot[0] == ANSWERED -> s = 0 :: slot[1] == ANSWERED -> s = 1 fi;
#elif defined(FORGET_FAILED)
  :: up[OWNER] && (slot[oldest] == ANSWERED || slot[oldest] == FAILED) ->
    STEP(
      s = oldest;
#else
  :: up[OWNER] && slot[oldest] == ANSWERED ->
    STEP(
      s = oldest;
#endif
      committed = (till[s] > committed -> till[s] : committed);
      if :: gap_of[s] > 0 -> frozen = 0; generation++; gap_out = false :: else fi;
      slot[s] = FREE; from[s] = 0; till[s] = 0; gap_of[s] = 0; generation_of[s] = 0;
      oldest = 1 - s; s = 0);
    do
    :: (i + 1) * SEG <= committed && (i + 1) * SEG < written -> STEP(segments = segments & ~BIT(i)); i++
    :: else -> i = 0; break
    od
  :: up[OWNER] && caller_done && committed == written && frozen + current == 0 && slot[0] == FREE && slot[1] == FREE ->
    break
  :: !up[OWNER] -> goto killed
  od;
  /* A regular end. */
  do
  :: i < SEGMENTS -> STEP(segments = segments & ~BIT(i)); i++
  :: else -> break
  od;
  STEP(owner_file = false);
killed:
  i = 0; s = 0;
  server_done = true;
  owner_thread_ends()
}
#else
proctype CommittingThread() {
  byte i, upto, gap, gen;
  do
  :: up[OWNER] && (committed < written || frozen + current > 0) ->
    do
    :: !up[OWNER] -> goto killed
    :: atomic { up[OWNER] && lock_holder == NOBODY -> lock_holder = OWNER }; break
    od;
#ifdef ONE_ACCOUNT
    STEP(gap = current; gen = generation);
#else
    STEP(if :: frozen == 0 -> frozen = current; current = 0 :: else fi; gap = frozen; gen = generation);
#endif
    STEP(upto = written);
#ifdef UNLINK_FIRST
    i = 0;
    do
    :: i < SEGMENTS && (i + 1) * SEG <= upto -> STEP(segments = segments & ~BIT(i)); i++
    :: else -> break
    od;
#endif
    STEP(
      insert_gap(gen, gap);
      insert_events((BIT(upto) - 1) & ~(BIT(committed) - 1));
      ledger.position = upto; gen = 0);
#ifdef POWER
    STEP(sync_ledger());
#endif
    STEP(lock_holder = NOBODY);
#ifdef ONE_ACCOUNT
    STEP(committed = upto; if :: gap > 0 -> current = 0; generation++ :: else fi; gap = 0; upto = 0; i = 0);
#else
    STEP(committed = upto; if :: gap > 0 -> frozen = 0; generation++ :: else fi; gap = 0; upto = 0; i = 0);
#endif
    /* Deletes whole segments before the position, but never the one that is being written. */
    do
    :: (i + 1) * SEG <= committed && (i + 1) * SEG < written -> STEP(segments = segments & ~BIT(i)); i++
    :: else -> break
    od
  :: up[OWNER] && caller_done && committed == written && frozen + current == 0 -> break
  :: !up[OWNER] -> goto killed
  od;
  /* A regular end. */
  i = 0;
  do
  :: i < SEGMENTS -> STEP(segments = segments & ~BIT(i)); i++
  :: else -> break
  od;
  STEP(owner_file = false);
killed:
  i = 0; upto = 0; gap = 0; gen = 0;
  owner_thread_ends()
}
#endif

/* ---- Adoption: find_orphans and adopt */

#define READABLE(i) ((listed & BIT(i / SEG)) && (segments & BIT(i / SEG)) && (records & BIT(i)))

proctype Adopter(byte me) {
  byte i, gap, next_gap, gen, listed, taken, in_batch;
  bool seen;

again:
  if
  :: me == LAST -> (owner_threads == 0 && gone == ADOPTERS && killer_done); up[me] = true
#ifdef POWER_LOSS
  :: atomic { me != LAST && !outage -> up[me] = true; acting[me] = true }
#else
  :: me != LAST -> up[me] = true
#endif
  fi;
  ADOPTER_STEP(seen = owner_file); /* open */
  if :: !seen -> goto done :: else fi;
#ifndef NO_FLOCK
  ADOPTER_STEP(seen = (flock_holder == NOBODY); if :: seen -> flock_holder = me :: else fi);
  if :: !seen -> goto done :: else fi;
  ADOPTER_STEP(seen = owner_file); /* is it still the file with that name? */
  if :: !seen -> goto done :: else fi;
#else
  ADOPTER_STEP(seen = (owner_threads == 0));
  if :: !seen -> goto done :: else fi;
#endif
  ADOPTER_STEP(gen = generation; gap = frozen; next_gap = current);
  ADOPTER_STEP(listed = segments);
#ifndef NO_FLOCK
  do
  :: !up[me] -> goto killed
  :: atomic { up[me] && lock_holder == NOBODY -> lock_holder = me }; break
  od;
#endif
  ADOPTER_STEP(assert(at_work == NOBODY); at_work = me);

  /* No other process touches the journal now, so reading up to the end of a transaction is one step. */
  do
  :: ADOPTER_STEP(
      i = (ledger.position == NONE -> 0 : ledger.position);
      do
      :: i >= N || in_batch > BATCH -> break
      :: i < N && in_batch <= BATCH && READABLE(i) -> taken = taken | BIT(i); in_batch++; i++
      :: i < N && in_batch <= BATCH && !READABLE(i) -> i = (i / SEG + 1) * SEG /* no more in this segment */
      od;
      if
      :: in_batch > BATCH -> i--; taken = taken & ~BIT(i); in_batch = 0; seen = false
      :: else -> in_batch = 0; seen = true
      fi);
    if :: seen -> i = 0; break :: else fi;
    ADOPTER_STEP(insert_events(taken); ledger.position = i; taken = 0; i = 0)
  od;
#ifdef UNLINK_FIRST
  ADOPTER_STEP(segments = 0);
#endif
  ADOPTER_STEP(
    insert_events(taken);
    insert_gap(gen, gap);
    if :: gap > 0 -> gen++ :: else fi;
    insert_gap(gen, next_gap);
    ledger.position = N; taken = 0; gen = 0; gap = 0; next_gap = 0; listed = 0);
#ifdef POWER
  ADOPTER_STEP(sync_ledger());
#endif
#ifdef FORGET_FIRST
  ADOPTER_STEP(ledger.position = NONE; owner_file = false);
#endif
  i = 0;
  do
  :: i < SEGMENTS -> ADOPTER_STEP(segments = segments & ~BIT(i)); i++
  :: else -> break
  od;
  ADOPTER_STEP(owner_file = false);
  ADOPTER_STEP(if :: flock_holder == me -> flock_holder = NOBODY :: else fi);
  ADOPTER_STEP(ledger.position = NONE); /* forget_journal */
done:
  atomic {
    let_go(me);
    up[me] = false;
    acting[me] = false;
    if
    :: me == LAST -> goto check
    :: me != LAST && owner_file -> seen = false; goto again
    :: me != LAST -> goto finished
    fi
  };
killed:
  atomic {
    let_go(me);
    up[me] = false;
    acting[me] = false;
    i = 0; gap = 0; next_gap = 0; gen = 0; listed = 0; taken = 0; in_batch = 0; seen = false;
    if :: goto again :: goto finished fi
  };
check:
  assert(!ledger.twice);
#ifdef POWER_LOSS
#ifdef POWER
  assert((acknowledged & ~ledger.stored) == 0);
#else
  assert(power_lost || (acknowledged & ~ledger.stored) == 0);
#endif
  assert(ledger.accounted <= dropped);
  assert(power_lost || ledger.accounted == dropped);
  assert(power_lost || (segments == 0 && !owner_file));
#else
  assert((acknowledged & ~ledger.stored) == 0);
  assert(ledger.accounted == dropped);
  assert(segments == 0 && !owner_file);
#endif
finished:
  if :: me != LAST -> gone++ :: else fi
}

/* ---- Kills and the loss of power. Adopters are killed in ADOPTER_STEP. */

proctype Killer() {
  byte i;
  if
  :: atomic { kills < KILLS && up[OWNER] -> up[OWNER] = false; kills++ }
  :: owner_threads == 0
  fi;
#ifdef POWER_LOSS
  if
  :: true
  :: atomic {
      power_lost = true;
      outage = true;
      up[OWNER] = false; up[2] = false; up[3] = false
    };
    atomic {
      owner_threads == 0 && !acting[2] && !acting[3] ->
      copy_ledger(ledger, durable);
      if :: generation = durable_generation; frozen = durable_frozen; current = durable_current :: true fi;
      /* Each name that was not synced may come back or disappear; each record may disappear. */
      do
      :: i < SEGMENTS ->
        if
        :: segments = segments & ~BIT(i)
        :: (created & BIT(i)) -> segments = segments | BIT(i)
        fi;
        i++
      :: else -> break
      od;
      i = 0;
      do
      :: i < N -> if :: true :: records = records & ~BIT(i) fi; i++
      :: else -> break
      od;
      i = 0;
      if :: owner_file = true :: true fi;
      outage = false
    }
  fi;
#endif
  killer_done = true
}

#ifdef POWER_LOSS
/* The operating system may write back at any time: the ledger's commits in their order, and the owner file. */
proctype Writeback() {
  do
  :: atomic { !power_lost -> copy_ledger(durable, ledger) }
  :: atomic { !power_lost -> durable_generation = generation; durable_frozen = frozen; durable_current = current }
  :: power_lost || killer_done -> break
  od
}
#endif

init {
  atomic {
    ledger.position = NONE;
#ifdef POWER_LOSS
    durable.position = NONE;
    run Writeback();
#endif
    owner_file = true;
    up[OWNER] = true;
    flock_holder = OWNER;
    run Caller();
    run CommittingThread();
#ifdef SINK
    run Server();
#endif
    run Adopter(2);
    run Adopter(3);
    run Adopter(LAST);
    run Killer()
  }
}
