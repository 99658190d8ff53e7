// The clock of the machine.
import { realClock } from "@moorage/runtime"
import { afterEach, beforeEach, expect, test, vi } from "vitest"

const DAY_MS = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("after() waits for longer than the longest delay of a Node timer", () => {
    const fn = vi.fn()
    realClock.after(60 * DAY_MS, fn)
    vi.advanceTimersByTime(60 * DAY_MS - 1)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledOnce()
})

test("a long delay can be cancelled at any time", () => {
    const fn = vi.fn()
    const timer = realClock.after(60 * DAY_MS, fn)
    vi.advanceTimersByTime(30 * DAY_MS)
    timer.cancel()
    vi.advanceTimersByTime(60 * DAY_MS)
    expect(fn).not.toHaveBeenCalled()
})
