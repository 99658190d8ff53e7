// The result of a run of the model: counts in bins of time, and totals.

/** Counts in bins of equal length that start at 0. */
class CountBins {
    readonly counts: number[] = []

    constructor(private readonly binMs: number) {}

    add(atMs: number, count: number): void {
        const bin = Math.floor(atMs / this.binMs)
        while (this.counts.length <= bin) this.counts.push(0)
        this.counts[bin] += count
    }
}

/** How a fleet is moored. Each array has one count per bin of time since power-on. */
export interface FleetCurve {
    devices: number
    binSec: number
    /** Registrations that DPS accepted. */
    registered: number[]
    /** Lookups and registrations that DPS answered with 429. */
    throttled: number[]
    /** Boards that were moored for the first time. */
    moored: number[]
    /** CONNECTs that a hub over its quota closed or answered too late. */
    hubRefused: number[]
    /** Shortest time that the quota allows: N / cps. */
    limitSec: number
    /** When DPS accepted the last registration; 0 if there was none. */
    registeredSec: number
    /** When the last board was moored. */
    mooredSec: number
    mooredBoards: number
    throttledPerDevice: number
}

/** Returns the sum of the counts up to and including each bin. */
export function cumulative(bins: number[]): number[] {
    let sum = 0
    return bins.map(count => (sum += count))
}

/** Collects the data of a {@link FleetCurve}. Times are in ms since power-on. */
export class CurveRecorder {
    private readonly bins
    private last = { registered: 0, moored: 0 }
    private total = { throttled: 0, moored: 0 }

    constructor(
        private readonly devices: number,
        private readonly binSec: number
    ) {
        const bins = () => new CountBins(binSec * 1000)
        this.bins = { registered: bins(), throttled: bins(), moored: bins(), hubRefused: bins() }
    }

    /** Records registrations that DPS accepted. */
    registered(atMs: number, boards: number): void {
        this.bins.registered.add(atMs, boards)
        this.last.registered = atMs
    }

    /** Records calls that DPS answered with 429. */
    throttled(atMs: number, boards: number): void {
        this.bins.throttled.add(atMs, boards)
        this.total.throttled += boards
    }

    /** Records the first time that a board is moored. */
    moored(atMs: number): void {
        this.bins.moored.add(atMs, 1)
        this.total.moored++
        this.last.moored = Math.max(this.last.moored, atMs)
    }

    /** Records CONNECTs that a hub closed or answered too late. */
    hubRefused(atMs: number, boards: number): void {
        this.bins.hubRefused.add(atMs, boards)
    }

    get mooredBoards(): number {
        return this.total.moored
    }

    /** Returns the collected data. @param limitSec shortest time that the quota allows */
    curve(limitSec: number): FleetCurve {
        const { registered, throttled, moored, hubRefused } = this.bins
        return {
            devices: this.devices,
            binSec: this.binSec,
            registered: registered.counts,
            throttled: throttled.counts,
            moored: moored.counts,
            hubRefused: hubRefused.counts,
            limitSec,
            registeredSec: this.last.registered / 1000,
            mooredSec: this.last.moored / 1000,
            mooredBoards: this.total.moored,
            throttledPerDevice: this.total.throttled / this.devices,
        }
    }
}
