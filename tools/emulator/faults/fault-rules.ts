import type { Clock, Random } from "@moorage/runtime"
import type { InjectedFault, FaultPoint } from "./injected-fault.js"
import { globToRegExp } from "../util/glob.js"

/** A fault, and which requests it strikes. */
export interface FaultRule {
    /** Every kind of request unless given. */
    on?: FaultPoint["kind"]
    /** `dps`, or a hub's host name; all of them unless given. */
    service?: string
    /** Registration or device IDs; `*` stands for any characters. */
    id?: string
    /** How many of those that fit it strikes, 0 to 1; all unless given. */
    share?: number
    /** It ends after so many strikes. */
    times?: number
    /** It ends after so long. */
    forSec?: number
    fault: InjectedFault
}

/** A rule that is in force. */
export interface ActiveRule extends FaultRule {
    ruleId: string
    strikes: number
    endsAtMs?: number
}

/** The faults that were ordered; the first rule that strikes decides. */
export class FaultRules {
    private readonly rules = new Map<string, ActiveRule>()
    private lastId = 0

    constructor(
        private readonly clock: Clock,
        private readonly random: Random
    ) {}

    /** @returns what {@link remove} takes */
    add(rule: FaultRule): string {
        const ruleId = `fault-${++this.lastId}`
        const endsAtMs = rule.forSec === undefined ? undefined : this.clock.nowMs() + rule.forSec * 1000
        this.rules.set(ruleId, { ...rule, ruleId, strikes: 0, endsAtMs })
        return ruleId
    }

    /** @returns whether there was such a rule */
    remove(ruleId: string): boolean {
        return this.rules.delete(ruleId)
    }

    clear(): void {
        this.rules.clear()
    }

    list(): ActiveRule[] {
        this.dropEnded()
        return [...this.rules.values()]
    }

    /** The fault that strikes a request, if any. */
    faultAt(point: FaultPoint): InjectedFault | undefined {
        if (this.rules.size === 0) return undefined
        this.dropEnded()
        const rule = [...this.rules.values()].find(each => fits(each, point) && this.strikes(each))
        if (!rule) return undefined
        rule.strikes++
        return rule.fault
    }

    private strikes({ share = 1 }: ActiveRule): boolean {
        return share >= 1 || this.random.next() < share
    }

    private dropEnded(): void {
        const nowMs = this.clock.nowMs()
        for (const { ruleId, strikes, times = Infinity, endsAtMs = Infinity } of this.rules.values())
            if (strikes >= times || nowMs >= endsAtMs) this.rules.delete(ruleId)
    }
}

function fits(rule: FaultRule, { kind, service, id }: FaultPoint): boolean {
    if (rule.on !== undefined && rule.on !== kind) return false
    if (rule.service !== undefined && rule.service.toLowerCase() !== service) return false
    return rule.id === undefined || globToRegExp(rule.id).test(id)
}
