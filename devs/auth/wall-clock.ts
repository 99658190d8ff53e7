// The wall clock: learnt from an HTTPS `Date` header, kept as an offset to the time since boot.

import * as ds from "@devicescript/core"
import { parseHttpDate } from "../encoding/http-date"

let offsetSec = 0

/** Sets the clock from the value of a `Date` header; a malformed one leaves it was. Whether it was set. */
export function learnDate(header: string): boolean {
    const sec = parseHttpDate(header)
    if (sec > 0) offsetSec = sec - Math.floor(ds.millis() / 1000)
    return sec > 0
}

/** Seconds since 1970, or 0 while the time is not known. */
export function nowSec(): number {
    return offsetSec > 0 ? offsetSec + Math.floor(ds.millis() / 1000) : 0
}
