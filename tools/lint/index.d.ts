import type { Linter, Rule } from "eslint"

export const rules: Record<string, Rule.RuleModule>
export const trapsAsErrors: Linter.RulesRecord
export const testFreedoms: Linter.RulesRecord
