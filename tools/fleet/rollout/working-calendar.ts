// When people are there to power boards on: hours of days in a time zone, changes of its clock included.
import { Temporal } from "temporal-polyfill"

/** As a plan keeps them. */
export interface WorkingHours {
    /** 1 is Monday, 7 Sunday. */
    days: number[]
    /** `08:00`, local time. */
    from: string
    /** `17:00`; `24:00` is midnight. Not after `from`: on the next day. */
    to: string
}

/** From one moment to another, in ms since the epoch. */
export interface WorkingWindow {
    fromMs: number
    toMs: number
}

const HOUR_MS = 3_600_000
const MIDNIGHT = "24:00"
/** Days without an hour of work that are looked through, at most. */
const DAYS_MAX = 15
/** Windows that meet are one, up to this length: no batch takes longer. */
const WINDOW_MAX_MS = 48 * HOUR_MS

/** The hours of every day and night. */
export const ALL_HOURS: WorkingHours = { days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", to: MIDNIGHT }

/**
 * A moment that a person wrote: with `Z` or an offset, or else local time.
 * @throws RangeError when it is none, or when the zone's clock shows it never or twice
 */
export function parseTimeMs(text: string, timeZone: string): number {
    if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    const local = Temporal.PlainDateTime.from(text, { overflow: "reject" })
    return local.toZonedDateTime(timeZone, { disambiguation: "reject" }).epochMilliseconds
}

/** `Mon 2026-11-30 08:00`, local time. */
export function formatLocalTime(ms: number, timeZone: string): string {
    const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDateTime()
    return `${DAY_NAMES[local.dayOfWeek - 1]} ${local.toString({ smallestUnit: "minute" }).replace("T", " ")}`
}

export const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

/** The working hours of a place. */
export class WorkingCalendar {
    constructor(
        private readonly hours: WorkingHours,
        private readonly timeZone: string
    ) {}

    /**
     * Working time at a moment or next after it, to its end; the earliest moment in it is not before `atMs`.
     * @throws RangeError when there is none in two weeks
     */
    nextWindow(atMs: number): WorkingWindow {
        // A night's work may have begun the day before.
        let day = this.dayOf(atMs).subtract({ days: 1 })
        for (let i = 0; i < DAYS_MAX; i++, day = day.add({ days: 1 })) {
            const found = this.on(day)
            if (!found || found.toMs <= atMs) continue
            const fromMs = Math.max(found.fromMs, atMs)
            return { fromMs, toMs: this.prolonged(day, found.toMs, fromMs) }
        }
        throw new RangeError("there are no working hours")
    }

    /** The end of a window, those that follow without a pause included. */
    private prolonged(day: Temporal.PlainDate, endMs: number, fromMs: number): number {
        let toMs = endMs
        for (let next = day.add({ days: 1 }); toMs - fromMs < WINDOW_MAX_MS; next = next.add({ days: 1 })) {
            const found = this.on(next)
            if (!found || found.fromMs > toMs) break
            toMs = Math.max(toMs, found.toMs)
        }
        return toMs
    }

    /** What begins on that day, if anything: the clock may leave the hours out. */
    private on(day: Temporal.PlainDate): WorkingWindow | undefined {
        const { days, from, to } = this.hours
        if (!days.includes(day.dayOfWeek)) return undefined
        const isNextDay = to <= from || to === MIDNIGHT
        const fromMs = this.atMs(day, from)
        const toMs = this.atMs(isNextDay ? day.add({ days: 1 }) : day, to === MIDNIGHT ? "00:00" : to)
        return toMs > fromMs ? { fromMs, toMs } : undefined
    }

    private atMs(day: Temporal.PlainDate, time: string): number {
        const { timeZone } = this
        return day.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds
    }

    private dayOf(ms: number): Temporal.PlainDate {
        return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(this.timeZone).toPlainDate()
    }
}
