import { rule } from "../define-rule.js"

/** package -> what is wrong with it, and ours */
const REPLACED = {
    "@devicescript/net":
        "loses an open that data follows at once, throws on a full queue and leaks fibers (facts D6, D9). Use devs/socket",
    "@devicescript/settings":
        "dies of two reads of the same key at once, and never gives up on a lost answer (facts D13). Use devs/store/settings",
}

export const noReplacedModule = rule("{{module}} {{why}}", (_context, report) => {
    function check({ source }) {
        const why = source && REPLACED[source.value]
        if (why) report(source, { module: source.value, why })
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
})
