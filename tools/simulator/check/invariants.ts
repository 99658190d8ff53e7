// All invariants of a run. Sources: R<n> of docs/internals/requirements.md, F<n> of docs/reference/policy.md, and the
// pages runtime-facts.md and protocol-facts.md of docs/internals.
import { BOOT_INVARIANTS } from "./boot-invariants.js"
import { AGREE_INVARIANT, MOORED_INVARIANT, PROMISED_INVARIANT } from "./end-invariants.js"
import { FLASH_NEED_INVARIANT } from "./flash-invariant.js"
import { HUB_INVARIANTS } from "./hub-invariants.js"
import type { EventInvariant, Invariant } from "./invariant.js"
import { RETRY_INVARIANTS } from "./retry-invariants.js"
import { RUNTIME_INVARIANTS } from "./runtime-invariants.js"
import { SPREAD_INVARIANT } from "./thundering-herd.js"

/** The invariants that are checked at each trace event of a board. */
export const EVENT_INVARIANTS: EventInvariant[] = [
    ...BOOT_INVARIANTS,
    ...HUB_INVARIANTS,
    ...RETRY_INVARIANTS,
    ...RUNTIME_INVARIANTS,
]

/** All invariants, in the order of the report. */
export const INVARIANTS: Invariant[] = [
    ...EVENT_INVARIANTS,
    SPREAD_INVARIANT,
    FLASH_NEED_INVARIANT,
    AGREE_INVARIANT,
    PROMISED_INVARIANT,
    MOORED_INVARIANT,
].map(({ id, sentence, source }) => ({ id, sentence, source }))
