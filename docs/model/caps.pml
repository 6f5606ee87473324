/* SPDX-License-Identifier: Apache-2.0
 *
 * Two workers, a contact log in a Redis that loses data and splits in two, the
 * epoch in the ledger, and one vendor. Each worker has one touch for the same
 * customer, whose cap is CAP contacts. The claims:
 *
 *   over    the vendor never takes more than CAP touches of the customer
 *   double  the vendor never takes one touch twice
 *
 * spin -a caps.pml checks the design as it is. Take a fence out and spin
 * finds the way over the cap:
 *
 *   -DNO_EPOCH   the intent does not assert the epoch it reserved under
 *   -DNO_OWNER   a log is known by its epoch alone, without asking which
 *                server it was taken up on
 *   -DNO_INTENT  a worker sends without writing its intent first
 *   -DNO_CAS     a touch is claimed without compare-and-set
 */

#define CAP 1
#define TOUCHES 2
#define SERVERS 2          /* the two halves of a split brain */
#define EPOCHS 2           /* bounds the search */
#define LOSSES 1           /* how often Redis fails */

/* The ledger: one transaction is one atomic step. */
byte epoch = 0;            /* of the shard */
byte lease[TOUCHES];       /* the touch's claim: rises with each worker that takes it */
bool intended[TOUCHES];    /* an intent stands in the ledger */
bool ended[TOUCHES];       /* settled: sent, or given up as unknown */

/* Redis, each half by itself: generation, the server that set it, the log. */
byte gen[SERVERS];         /* 0: none; n+1: epoch n */
bool mine[SERVERS];        /* set on this very server, not copied to it */
bool loaded[SERVERS];      /* the customer's log is known here */
byte genOfLog[SERVERS];
byte places[SERVERS];      /* bit for each touch that holds a place here */

byte losses = 0;
byte taken[TOUCHES];       /* what the vendor took */

#ifdef NO_OWNER
#define known(s) (gen[s] == epochSeen + 1 && loaded[s] && genOfLog[s] == gen[s])
#define current(s) (gen[s] == epochSeen + 1)
#else
#define known(s) (gen[s] == epochSeen + 1 && mine[s] && loaded[s] && genOfLog[s] == gen[s])
#define current(s) (gen[s] == epochSeen + 1 && mine[s])
#endif

/* The reserve script: one atomic step on one server. under becomes the epoch
 * that the place was reserved under, 254 for "no place", 255 for "unknown". */
inline look(s) {
	if
	:: known(s) && (places[s] & (1 << t)) -> under = epochSeen
	:: known(s) && !(places[s] & (1 << t)) && places[s] != 0 -> under = 254
	:: known(s) && places[s] == 0 -> places[s] = 1 << t; under = epochSeen
	:: else
	fi
}

/* Redis fails: it forgets everything, or a copy that is behind takes over, or
 * one half goes on alone. Which server a worker talks to is open at each step. */
proctype fate() {
	byte s, other;
	do
	:: losses < LOSSES ->
		losses++;
		if :: s = 0; other = 1 :: s = 1; other = 0 fi;
		if
		:: atomic { gen[s] = 0; mine[s] = false; loaded[s] = false; genOfLog[s] = 0; places[s] = 0 }
		:: atomic { /* a promotion: the copy has the generation, and an older log */
			gen[s] = gen[other]; mine[s] = false; loaded[s] = loaded[other]; genOfLog[s] = genOfLog[other]; places[s] = 0 }
		fi
	:: else -> break
	od
}

/* A worker carries one touch from claim to vendor. Two of them may be at the
 * same touch: a dead-tired one, and the one that took it over. */
proctype worker(byte t) {
	byte s, n, epochSeen, claim, under;
	atomic { /* claim: compare-and-set in the ledger */
		if
		:: ended[t] || intended[t] -> ended[t] = true; goto done /* it may be out: counts as sent */
		:: else
		fi;
#ifndef NO_CAS
		lease[t]++;
#endif
		claim = lease[t];
		epochSeen = epoch
	}
judge:
	under = 255;
	if
	:: atomic { s = 0; look(s) }       /* whichever server the connection leads to */
	:: atomic { s = 1; look(s) }
	fi;
	if
	:: under == 254 -> goto done /* refused */
	:: under < 254 -> goto intend
	:: else
	fi;
	/* unknown here: first the ledger voids what was reserved under the old epoch … */
	if
	:: atomic { !current(s) ->
		if :: epoch >= EPOCHS -> goto done :: else fi;
		epoch++; epochSeen = epoch };
		atomic { gen[s] = epochSeen + 1; mine[s] = true; loaded[s] = false; genOfLog[s] = 0; places[s] = 0 }
	:: atomic { current(s) -> skip }
	fi;
	/* … then contacts are read from the ledger … */
	atomic { n = intended[0] | (intended[1] << 1) };
	/* … and stored under that epoch, or not at all. */
	atomic {
		if
		:: current(s) && !(loaded[s] && genOfLog[s] == gen[s]) ->
			loaded[s] = true; genOfLog[s] = gen[s]; places[s] = n
		:: else
		fi;
		n = 0; epochSeen = epoch
	};
	goto judge;
intend:
	s = 0;
#ifndef NO_INTENT
	atomic { /* it asserts the claim and the epoch that the place was reserved under */
		if
#ifndef NO_CAS
		:: lease[t] != claim -> goto done
#endif
#ifndef NO_EPOCH
		:: epoch != under -> epochSeen = epoch; goto judge
#endif
		:: else
		fi;
		intended[t] = true
	};
#endif
	atomic {
		taken[t]++;
		assert(taken[t] == 1);                 /* no double send */
		assert(taken[0] + taken[1] <= CAP)     /* no customer over the cap */
	};
	ended[t] = true;
done:
	atomic { s = 0; n = 0; epochSeen = 0; claim = 0; under = 0 } /* fewer states */
}

init {
	atomic {
		gen[0] = 1; mine[0] = true; loaded[0] = true; genOfLog[0] = 1;
		run fate(); run worker(0); run worker(1); run worker(1)
	}
}
