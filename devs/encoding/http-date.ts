// The `Date` header of HTTP: the only wall clock that a board can reach. Pure.

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

function number(text: string, from: number, to: number): number {
    return parseInt(text.slice(from, to))
}

/**
 * Seconds since 1970 of an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT`
 * (RFC 9110, section 5.6.7), or undefined when it is not one or lies before 2020.
 * Every fourth year is a leap year here: right until February 2100.
 */
export function parseHttpDate(text: string): number | undefined {
    if (text.length !== 29) return undefined
    const month = MONTHS.indexOf(text.slice(8, 11))
    const year = number(text, 12, 16)
    const day = number(text, 5, 7)
    const time = number(text, 17, 19) * 3600 + number(text, 20, 22) * 60 + number(text, 23, 25)
    if (month < 0 || month % 3 || isNaN(year + day + time) || year < 2020) return undefined
    // Days before this month, counting years from March so that the leap day comes last.
    const m = month / 3 + 1
    const y = m < 3 ? year - 1 : year
    const days = y * 365 + (y >> 2) + Math.floor((153 * ((m + 9) % 12) + 2) / 5) + day - 719484
    return days * 86400 + time
}
