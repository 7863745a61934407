import { render } from "preact";
import { App } from "./app";
import { start } from "./state";
import "./style.css";

const theme = localStorage.getItem("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
const place = document.getElementById("app");
if (place) {
  place.replaceChildren();
  render(<App />, place);
  start();
}
