// The events of a running roll-out. Each event is one line of `moorage rollout run --json`.
import type { Failure } from "../monitor/registration-tally.js"
import type { HoldReason } from "./rollout-decision.js"
import type { PlannedBatch } from "./rollout-plan-file.js"

interface EventTime {
    utc: string
}

/** Counts of the boards of the current wave that are powered on. */
interface WaveNumbers {
    wave: number
    boards: number
    registered: number
    failed: number
}

export type RolloutEvent = EventTime &
    (
        | { event: "begun"; dps: string; boards: number; batches: number; openedBefore: number }
        /** The next batch waits for its time. */
        | { event: "waiting"; batch: number; wave: number; untilUtc: string }
        /** The operator must power on the boards of this batch now. */
        | ({ event: "open"; batch: number } & Pick<
              PlannedBatch,
              "wave" | "boards" | "slots" | "first" | "last"
          >)
        /** DPS was queried. */
        | ({ event: "look"; predicted: number; throttled: number; lateSec: number } & WaveNumbers)
        /** The slots are over, but not enough boards are registered. */
        | ({ event: "watching" } & WaveNumbers)
        /** The roll-out goes on hold. */
        | ({
              event: "held"
              batch: number | null
              reasons: HoldReason[]
              failures: readonly Failure[]
          } & WaveNumbers)
        /** The reasons for the hold are gone. */
        | { event: "cleared"; wave: number }
        /** A wave is complete, or the operator forced its end (`isByHand`). */
        | ({ event: "waveDone"; isByHand: boolean } & WaveNumbers)
        | { event: "done"; boards: number; registered: number; missing: number; missingIds: string[] }
        | { event: "stopped"; isHeld: boolean; openedBatches: number }
    )

type WithoutTime<T> = T extends EventTime ? Omit<T, "utc"> : never

/** An event without its time. */
export type NewRolloutEvent = WithoutTime<RolloutEvent>
