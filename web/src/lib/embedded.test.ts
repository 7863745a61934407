import { expect, test } from "vitest";
import { answersOf, embeddedAnswer, nearestMap, type Pair } from "./embedded";

const line = (path: string, pairs: Pair[], answer: unknown) =>
  `${JSON.stringify([path, pairs])}\t${JSON.stringify(answer)}`;

const graph = "models/1/graph";
const map = "models/1/map";
const held = answersOf(
  [
    line("models/1/show", [["name", 'a"</script>\u2028']], "shown"),
    line(graph, [["items", "60"]], "root"), // prettier-ignore
    line(graph, [["items", "12"]], "small root"),
    line(graph, [["items", "2000"], ["scope", "a"]], "all of a"), // prettier-ignore
    line(graph, [["items", "60"], ["scope", "a"]], "a"), // prettier-ignore
    line(graph, [["items", "60"], ["scope", "a"], ["unfold", "a/x_1"]], "a apart"), // prettier-ignore
    line(map, [["left", "v"], ["right", "o"], ["role", "forward"]], "both"), // prettier-ignore
    line(map, [["left", "v"], ["role", "forward"]], "left"), // prettier-ignore
    line(map, [["role", "all"]], "none"),
  ].join("\n"),
);

const ask = (path: string, ...pairs: Pair[]) => {
  const text = embeddedAnswer(path, pairs, held);
  return text && (JSON.parse(text) as unknown);
};

test("a question is answered whatever the order of its parameters, and no other", () => {
  expect(ask("models/1/show", ["name", 'a"</script>\u2028'])).toBe("shown");
  expect(ask("models/1/show", ["name", "b"])).toBeUndefined();
  expect(ask(graph, ["unfold", "a/x_1"], ["scope", "a"], ["items", "60"])).toBe("a apart");
});

test("a scope is answered by its picture of another number of items, and by groups that lie in it", () => {
  expect(ask(graph, ["items", "12"])).toBe("small root");
  expect(ask(graph, ["items", "22"])).toBe("root");
  expect(ask(graph, ["scope", "a"], ["items", "150"], ["unfold", "b/y_1"])).toBe("a");
  expect(ask(graph, ["scope", "a"], ["items", "300"])).toBe("all of a");
  expect(ask(graph, ["scope", "a"], ["items", "16"], ["unfold", "b/y_1"], ["unfold", "a/x_1"])).toBe("a apart");
  expect(ask(graph, ["scope", "b"], ["items", "60"])).toBeUndefined();
});

test("the nearest map has most of the scopes open and fewest others", () => {
  const near = (...pairs: Pair[]) => nearestMap(map, pairs, held);
  expect(near(["role", "forward"], ["left", "v"], ["right", "o"], ["right", "p"])).toBe('"both"');
  expect(near(["role", "forward"], ["left", "v"], ["right", "p"])).toBe('"left"');
  expect(near(["role", "gradient"])).toBeUndefined();
});
