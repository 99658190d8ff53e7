// Working hours in a time zone, including daylight saving changes. Boards are powered on only in working hours.
import { Temporal } from "temporal-polyfill"

/** The form of working hours in a rollout plan. */
export interface WorkingHours {
    /** 1 is Monday, 7 Sunday. */
    days: number[]
    /** `08:00`, local time. */
    from: string
    /** `17:00`, local time. `24:00` is midnight. A time that is not after `from` is on the next day. */
    to: string
}

/** A period, in ms since the epoch. */
export interface WorkingWindow {
    fromMs: number
    toMs: number
}

const HOUR_MS = 3_600_000
const MIDNIGHT = "24:00"
/** Maximum number of days to search for working hours. */
const SEARCH_DAYS_MAX = 15
/** Adjacent windows are joined up to this length, because no batch takes longer. */
const WINDOW_MAX_MS = 48 * HOUR_MS

/** All hours of all days. */
export const ALL_HOURS: WorkingHours = { days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", to: MIDNIGHT }

/**
 * Parses a time with `Z` or an offset, or a local time. Returns ms since the epoch.
 * @throws RangeError if the text is not a time, or if the local time does not exist or exists twice
 */
export function parseTimeMs(text: string, timeZone: string): number {
    if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    const local = Temporal.PlainDateTime.from(text, { overflow: "reject" })
    return local.toZonedDateTime(timeZone, { disambiguation: "reject" }).epochMilliseconds
}

/** Returns a local time, for example `Mon 2026-11-30 08:00`. */
export function formatLocalTime(ms: number, timeZone: string): string {
    const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDateTime()
    return `${DAY_NAMES[local.dayOfWeek - 1]} ${local.toString({ smallestUnit: "minute" }).replace("T", " ")}`
}

export const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

/** Finds working hours. */
export class WorkingCalendar {
    constructor(
        private readonly hours: WorkingHours,
        private readonly timeZone: string
    ) {}

    /**
     * Returns the rest of the working hours that contain this time, or the next working hours.
     * @throws RangeError if there are none within two weeks
     */
    nextWindow(atMs: number): WorkingWindow {
        // Working hours at night may have started on the day before.
        let day = this.dayOf(atMs).subtract({ days: 1 })
        for (let i = 0; i < SEARCH_DAYS_MAX; i++, day = day.add({ days: 1 })) {
            const window = this.windowOn(day)
            if (!window || window.toMs <= atMs) continue
            const fromMs = Math.max(window.fromMs, atMs)
            return { fromMs, toMs: this.extendedEndMs(day, window.toMs, fromMs) }
        }
        throw new RangeError("no working hours within two weeks")
    }

    /** Returns the end of a window, including the windows that follow without a gap. */
    private extendedEndMs(day: Temporal.PlainDate, endMs: number, fromMs: number): number {
        let toMs = endMs
        for (let next = day.add({ days: 1 }); toMs - fromMs < WINDOW_MAX_MS; next = next.add({ days: 1 })) {
            const window = this.windowOn(next)
            if (!window || window.fromMs > toMs) break
            toMs = Math.max(toMs, window.toMs)
        }
        return toMs
    }

    /** Returns the window that starts on a day. A daylight saving change may remove it. */
    private windowOn(day: Temporal.PlainDate): WorkingWindow | undefined {
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
