// What a running roll-out tells: each is a line of `moorage rollout run --json`.
import type { Failure } from "../monitor/registration-tally.js"
import type { HoldReason } from "./rollout-decision.js"
import type { PlannedBatch } from "./rollout-plan-file.js"

interface At {
    utc: string
}

/** Of the boards of the present wave that are powered on. */
interface Numbers {
    wave: number
    boards: number
    registered: number
    failed: number
}

export type RolloutEvent = At &
    (
        | { event: "begun"; dps: string; boards: number; batches: number; openedBefore: number }
        /** The next batch waits for its time. */
        | { event: "waiting"; batch: number; wave: number; untilUtc: string }
        /** Its boards are to be powered on, now. */
        | ({ event: "open"; batch: number } & Pick<
              PlannedBatch,
              "wave" | "boards" | "slots" | "first" | "last"
          >)
        | ({ event: "look"; predicted: number; throttled: number; lateSec: number } & Numbers)
        /** The slots are over; not enough boards are registered yet. */
        | ({ event: "watching" } & Numbers)
        | ({
              event: "held"
              batch: number | null
              reasons: HoldReason[]
              failures: readonly Failure[]
          } & Numbers)
        /** What held it has cleared. */
        | { event: "cleared"; wave: number }
        | ({ event: "waveDone"; isByHand: boolean } & Numbers)
        | { event: "done"; boards: number; registered: number; missing: number; missingIds: string[] }
        | { event: "stopped"; isHeld: boolean; openedBatches: number }
    )

type WithoutTime<T> = T extends At ? Omit<T, "utc"> : never

/** An event, before it has its time. */
export type NewRolloutEvent = WithoutTime<RolloutEvent>
