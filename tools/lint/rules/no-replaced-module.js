import { defineRule } from "../define-rule.js"

/** package -> its defect and the module of this repository that replaces it */
const REPLACED = {
    "@devicescript/net": {
        why: "loses the open event when data follows immediately, throws when its queue is full, and leaks fibers. Use devs/socket",
        fact: "D6, D9",
    },
    "@devicescript/settings": {
        why: "stops the program when two fibers read the same key at the same time, and waits forever for a lost answer. Use devs/store/settings-store.ts",
        fact: "D13",
    },
}

export const noReplacedModule = defineRule(
    { message: "{{module}} {{why}}", fact: "{{fact}}" },
    (_context, report) => {
        function check({ source }) {
            const defect = source && REPLACED[source.value]
            if (defect) report(source, { module: source.value, ...defect })
        }
        return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
    }
)
