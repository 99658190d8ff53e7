// Numbers and times, for a person.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })

/** `1,234`. */
export const count = (n: number) => grouped.format(n)

/** `1,234 boards`, `1 board`. */
export const counted = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`

/** `16.7`: three digits that matter, for numbers that are not whole. */
export const rounded = (n: number) => precise.format(n)

const UNITS = [
    { name: "d", sec: 86_400 },
    { name: "h", sec: 3600 },
    { name: "min", sec: 60 },
    { name: "s", sec: 1 },
]

/** `6 min 12 s`, `2 h 5 min`, `3 d`: the two greatest units, a zero left away; `3.4 s` under 10 s. */
export function duration(sec: number): string {
    if (sec < 10) return `${rounded(sec)} s`
    const whole = Math.round(sec)
    const first = UNITS.findIndex(unit => whole >= unit.sec)
    const [large, small] = UNITS.slice(first)
    if (!large || !small) return `${whole} s`
    const rest = Math.floor((whole % large.sec) / small.sec)
    const greatest = `${Math.floor(whole / large.sec)} ${large.name}`
    return rest > 0 ? `${greatest} ${rest} ${small.name}` : greatest
}

/** `65 %`. */
export const percent = (part: number, whole: number) => `${rounded(whole > 0 ? (part / whole) * 100 : 0)} %`
