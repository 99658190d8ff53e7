// The wall clock: learnt from an HTTPS `Date` header, kept as an offset to the time since boot.

import * as ds from "@devicescript/core"
import { parseHttpDate } from "./httpdate"

let offsetSec = 0

/** Sets the clock from the value of a `Date` header; a malformed one leaves it as it was. */
export function learnDate(header: string): void {
    const sec = parseHttpDate(header)
    if (sec > 0) offsetSec = sec - Math.floor(ds.millis() / 1000)
}

/** Seconds since 1970, or 0 while the time is not known. */
export function nowSec(): number {
    return offsetSec > 0 ? offsetSec + Math.floor(ds.millis() / 1000) : 0
}

/** Makes the time unknown, so that it is learnt anew before the next token. */
export function forgetTime(): void {
    offsetSec = 0
}
