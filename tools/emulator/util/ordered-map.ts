import { SortedIds } from "./sorted-ids.js"

/** A map that can also be walked in the order of its keys, a page at a time. */
export class OrderedMap<T> extends Map<string, T> {
    private readonly ids = new SortedIds()

    override set(id: string, value: T): this {
        this.ids.add(id)
        return super.set(id, value)
    }

    override delete(id: string): boolean {
        this.ids.delete(id)
        return super.delete(id)
    }

    /** Up to `count` values, by key, from the first after `id`. */
    after(id: string | undefined, count: number): T[] {
        return this.ids.after(id, count).map(each => this.get(each) as T)
    }
}
