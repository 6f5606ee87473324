/* SPDX-License-Identifier: Apache-2.0
 *
 * Two processes that send touches of two campaigns, and an operator who pauses
 * one of them. A process begins a call only while a confirmation of the controls
 * has not run out. A confirmation may run out at any step. Of time only this is
 * known: when it has elapsed after the commit, every confirmation has run out
 * that counts from before the commit, and a read that began before it confirms
 * nothing any more. The claims:
 *
 *   late   no call of the paused campaign begins after the answer
 *   free   the pause voids no verdict on touches of the other campaign
 *
 * spin -a brake.pml checks the design as it is. Take a part out and spin finds
 * the call, or the voided verdict:
 *
 *   -DNO_CONFIRM   a worker calls by its intent alone
 *   -DNO_WAIT      the answer comes with the commit
 *   -DREAD_END     a confirmation counts from the end of its read
 *   -DONE_NUMBER   campaigns share the number that every intent asserts
 */

#define PROCESSES 2
#define CALLS 2            /* of each worker after its intents: a segment */

bool paused = false;       /* campaign 0, in the ledger */
bool answered = false;
bool elapsed = false;      /* since the commit: longer than a confirmation lasts */
byte changes = 0;          /* of campaigns: the ledger's number */

bool fresh[PROCESSES];     /* the process's confirmation has not run out */
bool saw[PROCESSES];       /* its copy of the controls: campaign 0 is paused */
byte copy[PROCESSES];      /* the number that its copy is of */
bool before[PROCESSES];    /* the confirmation counts from before the commit */

/* A process reads the controls. The read has a beginning, from which it counts,
 * the moment at which it sees the ledger, and an end, when it is published. */
proctype reader(byte p) {
	bool began, seen;
	byte number;
	do
	:: atomic { began = !paused };              /* counts from here */
	   atomic { seen = paused; number = changes };
#ifdef READ_END
	   atomic { began = !paused };
#endif
	   atomic { saw[p] = seen; copy[p] = number; before[p] = began; fresh[p] = !(began && elapsed) }
	:: atomic { fresh[p] -> fresh[p] = false }  /* it runs out */
	:: break
	od
}

/* A worker judges, stores its intents, and calls. */
proctype worker(byte p; byte campaign) {
	byte judged, calls = 0;
judge:
	if
	:: campaign == 0 && saw[p] -> goto done
	:: else
	fi;
	judged = copy[p];
	atomic {
		if
#ifdef ONE_NUMBER
		:: judged != changes -> assert(campaign == 0); goto done
#else
		:: campaign == 0 && judged != changes -> goto done
#endif
		:: else
		fi
	};
	do
	:: calls == CALLS -> break
	:: else ->
#ifndef NO_CONFIRM
		fresh[p];                               /* wait for a confirmation */
		atomic {
			if
			:: !fresh[p] -> skip                /* it ran out: wait again */
			:: fresh[p] && campaign == 0 && saw[p] -> goto done
			:: fresh[p] && !(campaign == 0 && saw[p]) ->
				assert(!(campaign == 0 && answered)); calls++
			fi
		}
#else
		atomic { assert(!(campaign == 0 && answered)); calls++ }
#endif
	od;
done:
	skip
}

proctype operator() {
	atomic { paused = true; changes++ };            /* the commit */
#ifndef NO_WAIT
	elapsed;
#endif
	answered = true
}

proctype time() {
	atomic { paused -> elapsed = true;
		fresh[0] = fresh[0] && !before[0]; fresh[1] = fresh[1] && !before[1] }
}

init {
	atomic { run reader(0); run reader(1); run worker(0, 0); run worker(1, 0); run worker(1, 1); run operator(); run time() }
}
