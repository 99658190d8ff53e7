// Faults that tests and users inject into requests: the rules, and their effects on a connection.
import type { Clock, Random } from "@moorage/runtime"
import type { InjectedFault, FaultPoint } from "./injected-fault.js"
import { globToRegExp } from "../util/glob.js"

/** A fault and the requests that it affects. */
export interface FaultRule {
    /** The kind of request (default: every kind). */
    on?: FaultPoint["kind"]
    /** `dps`, or the host name of a hub (default: all services). */
    service?: string
    /** Registration IDs or device IDs, where `*` matches any characters (default: all IDs). */
    id?: string
    /** The share of the matching requests that the fault affects, 0 to 1 (default: 1). */
    share?: number
    /** The number of affected requests after which the rule ends. */
    times?: number
    /** The time after which the rule ends. */
    forSec?: number
    fault: InjectedFault
}

/** A rule that is active. */
export interface ActiveRule extends FaultRule {
    ruleId: string
    /** The number of affected requests so far. */
    affectedRequests: number
    endsAtMs?: number
}

/** The active fault rules. The first rule that applies to a request decides. */
export class FaultRules {
    private readonly rules = new Map<string, ActiveRule>()
    private lastId = 0

    constructor(
        private readonly clock: Clock,
        private readonly random: Random
    ) {}

    /** Adds a rule. @returns its ID, for {@link remove} */
    add(rule: FaultRule): string {
        const ruleId = `fault-${++this.lastId}`
        const endsAtMs = rule.forSec === undefined ? undefined : this.clock.nowMs() + rule.forSec * 1000
        this.rules.set(ruleId, { ...rule, ruleId, affectedRequests: 0, endsAtMs })
        return ruleId
    }

    /** Removes a rule. @returns whether it existed */
    remove(ruleId: string): boolean {
        return this.rules.delete(ruleId)
    }

    /** Removes all rules. */
    clear(): void {
        this.rules.clear()
    }

    /** Returns the active rules in the order in which they were added. */
    list(): ActiveRule[] {
        this.dropEnded()
        return [...this.rules.values()]
    }

    /** Returns the fault for a request, or undefined, and counts it. */
    faultAt(point: FaultPoint): InjectedFault | undefined {
        if (this.rules.size === 0) return undefined
        this.dropEnded()
        const rule = [...this.rules.values()].find(each => matches(each, point) && this.isSelected(each))
        if (!rule) return undefined
        rule.affectedRequests++
        return rule.fault
    }

    private isSelected({ share = 1 }: ActiveRule): boolean {
        return share >= 1 || this.random.next() < share
    }

    private dropEnded(): void {
        const nowMs = this.clock.nowMs()
        for (const { ruleId, affectedRequests, times = Infinity, endsAtMs = Infinity } of this.rules.values())
            if (affectedRequests >= times || nowMs >= endsAtMs) this.rules.delete(ruleId)
    }
}

function matches(rule: FaultRule, { kind, service, id }: FaultPoint): boolean {
    if (rule.on !== undefined && rule.on !== kind) return false
    if (rule.service !== undefined && rule.service.toLowerCase() !== service) return false
    return rule.id === undefined || globToRegExp(rule.id).test(id)
}
