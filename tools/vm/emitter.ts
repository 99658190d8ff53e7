/** Event emitter with typed events: each name in `Events` has its own type of detail. */
export class Emitter<Events extends object> {
    private readonly listeners = new Map<keyof Events, Set<(detail: never) => void>>()

    /** Calls `fn` for each `event`. @returns a function that ends the subscription */
    on<E extends keyof Events>(event: E, fn: (detail: Events[E]) => void): () => void {
        const set = this.listeners.get(event) ?? new Set()
        this.listeners.set(event, set)
        set.add(fn as (detail: never) => void)
        return () => void set.delete(fn as (detail: never) => void)
    }

    /** Calls the listeners of `event` in the order of their subscription. */
    emit<E extends keyof Events>(event: E, detail: Events[E]): void {
        for (const fn of this.listeners.get(event) ?? []) (fn as (detail: Events[E]) => void)(detail)
    }
}
