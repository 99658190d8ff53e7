// The wall clock: set from an HTTPS `Date` header and kept as an offset to the time since boot.

import * as ds from "@devicescript/core"
import { parseHttpDate } from "../encoding/http-date"

let offsetSec = 0

/** Sets the clock from the value of a `Date` header. Returns false and keeps the clock if the value is malformed. */
export function setClock(header: string): boolean {
    const sec = parseHttpDate(header)
    if (sec > 0) offsetSec = sec - Math.floor(ds.millis() / 1000)
    return sec > 0
}

/** Returns the seconds since 1970, or 0 while the time is unknown. */
export function nowSec(): number {
    return offsetSec > 0 ? offsetSec + Math.floor(ds.millis() / 1000) : 0
}
