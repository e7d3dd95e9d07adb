// Source code by extension or file name. Longleaf shows and reads it as it is, anchored by lines.

const extensions = `
c h cc cpp cxx hpp hh hxx ino cu cuh m mm cs java kt kts scala groovy gradle clj cljs cljc edn
js mjs cjs jsx ts mts cts tsx svelte vue astro css scss sass less
py pyi pyx rb php phtml pl pm lua r jl go rs swift dart zig nim d v odin
hs lhs ml mli fs fsi fsx elm ex exs erl hrl lisp el scm rkt
sh bash zsh fish ps1 psm1 bat cmd awk sed
sql graphql gql proto thrift tf hcl nix cmake mk dockerfile
asm s vhd vhdl sv svh f f77 f90 f95 f03 for cob cbl pas pp ada adb ads bas vb vbs
json jsonc json5 jsonl ndjson yaml yml toml ini cfg conf properties env xml xsd xsl xslt svg plist
tex bib cls sty diff patch glsl hlsl wgsl vert frag metal sol move cairo
`;

const names = `
makefile gnumakefile dockerfile containerfile cmakelists.txt jenkinsfile rakefile gemfile vagrantfile
.gitignore .gitattributes .editorconfig .bashrc .zshrc .profile .env
`;

const codeExtensions = new Set(extensions.trim().split(/\s+/));
const codeNames = new Set(names.trim().split(/\s+/));

export function isCode(fileName: string): boolean {
  const name = fileName.toLowerCase();
  return codeNames.has(name) || codeExtensions.has(name.replace(/^.*\./, ''));
}
