import { expect, test } from "vitest";
import { QueryError, globFits, opFits, parseQuery, unanswered, wantsOps, wantsVariables } from "./embedded_query";

const op = { name: "Net/a/MatMul", role: "forward", type: "MatMul", dtype: "float32", device: "", shape_known: true };
const fits = (text: string, shape: (number | null)[] | null = [null, 256]) =>
  opFits(parseQuery(text), { ...op, shape });

test("terms and words must all fit", () => {
  expect(fits("matmul op:matmul scope:Net name:*/MatMul role:for* dtype:float32")).toBe(true);
  for (const text of ["conv", "op:Add", "scope:Ne", "name:MatMul", "role:init", "dtype:int*", "device:*GPU*"])
    expect(fits(text)).toBe(false);
  expect(fits("'Net/a'")).toBe(true);
});

test("shapes fit size by size, and ... any number of them", () => {
  for (const text of ["shape:[*,256]", "shape:[?,256]", "shape:[...,256]", "shape:[...]"])
    expect(fits(text)).toBe(true);
  for (const text of ["shape:[1,256]", "shape:[256]", "shape:[?,?]", "shape:[*,*,...,*]"])
    expect(fits(text)).toBe(false);
  expect([fits("shape:[...]", null), fits("shape:[*]", null)]).toEqual([true, false]);
});

test("a glob of many stars takes no time", () => {
  expect(globFits("*a*".repeat(40), "a".repeat(9000) + "b")).toBe(true);
  expect(globFits("*ab*".repeat(40) + "c", "ab".repeat(4000))).toBe(false);
  expect([globFits("a?c", "abc"), globFits("a*c", "ac"), globFits("ab*bc", "abc"), globFits("A", "a", "i")]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test("what only a server or only variables answer is known", () => {
  expect(unanswered(parseQuery("time:>1ms flops:>1M"))).toEqual(["time", "flops"]);
  expect(unanswered(parseQuery("collection:losses in:variables"))).toEqual([]);
  expect([wantsOps(parseQuery("trainable:yes")), wantsVariables(parseQuery("flops:>1"))]).toEqual([false, false]);
  for (const text of ["color:red", "in:both", "role:cook", "shape:3", "shared:many", "time:>1", "op:"])
    expect(() => parseQuery(text)).toThrow(QueryError);
});
