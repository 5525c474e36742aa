package layers

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// Whoever writes a potential, a loss or a move outside this module must be able to name
// every type that the public packages show.
func TestPublicSignaturesHaveNoInternalTypes(t *testing.T) {
	exports, public := map[string]string{}, []string{}
	for _, p := range list(t, "-export", "-deps", "-json=ImportPath,Export,Name", "./...") {
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, module) && p.Name != "main" && !internal(p.ImportPath) {
			public = append(public, p.ImportPath)
		}
	}
	for _, want := range []string{"analysis", "langevin", "pathint", "gan"} {
		if !slices.Contains(public, module+want) {
			t.Fatalf("no package %s among the public ones: %v", want, public)
		}
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, path := range public {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, leak := range leaks(pkg) {
			t.Errorf("%s: %s", strings.TrimPrefix(path, module), leak)
		}
	}
}

func internal(path string) bool {
	return strings.Contains("/"+path+"/", "/internal/")
}

// leaks lists the exported objects of a package that show an internal type.
func leaks(pkg *types.Package) (out []string) {
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			w := walker{pkg: pkg, seen: map[types.Type]bool{}}
			w.object(obj)
			for _, leak := range w.found {
				out = append(out, fmt.Sprintf("%s shows %s", name, leak))
			}
		}
	}
	return out
}

// walker follows a type as far as an outside program can see it.
type walker struct {
	pkg   *types.Package
	seen  map[types.Type]bool
	found []string
}

func (w *walker) object(obj types.Object) {
	w.visit(obj.Type())
	named, ok := types.Unalias(obj.Type()).(*types.Named)
	if _, isType := obj.(*types.TypeName); isType && ok && named.Obj() == obj {
		w.declaration(named)
	}
}

// declaration looks at the body of a type: fields and methods that are exported.
func (w *walker) declaration(named *types.Named) {
	for i := range named.NumMethods() {
		if m := named.Method(i); m.Exported() {
			w.visit(m.Type())
		}
	}
	w.visit(named.Underlying())
}

func (w *walker) visit(t types.Type) {
	if t == nil || w.seen[t] {
		return
	}
	w.seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		w.named(t)
	case *types.Alias:
		w.visit(t.Rhs())
	case *types.Pointer:
		w.visit(t.Elem())
	case *types.Slice:
		w.visit(t.Elem())
	case *types.Array:
		w.visit(t.Elem())
	case *types.Chan:
		w.visit(t.Elem())
	case *types.Map:
		w.visit(t.Key())
		w.visit(t.Elem())
	case *types.TypeParam:
		w.visit(t.Constraint())
	case *types.Union:
		for i := range t.Len() {
			w.visit(t.Term(i).Type())
		}
	case *types.Tuple:
		for i := range t.Len() {
			w.visit(t.At(i).Type())
		}
	case *types.Signature:
		w.visit(t.Params())
		w.visit(t.Results())
		for i := range t.TypeParams().Len() {
			w.visit(t.TypeParams().At(i))
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); f.Exported() || f.Embedded() {
				w.visit(f.Type())
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			w.visit(t.Method(i).Type())
		}
		for i := range t.NumEmbeddeds() {
			w.visit(t.EmbeddedType(i))
		}
	}
}

// named judges a named type. Other packages' types are judged where they are declared;
// an unexported type of this one is seen through what shows it.
func (w *walker) named(t *types.Named) {
	for i := range t.TypeArgs().Len() {
		w.visit(t.TypeArgs().At(i))
	}
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil:
	case internal(obj.Pkg().Path()) && strings.HasPrefix(obj.Pkg().Path(), module):
		w.found = append(w.found, obj.Pkg().Path()+"."+obj.Name())
	case obj.Pkg() == w.pkg && !obj.Exported():
		w.declaration(t)
	}
}

// sources is an importer of packages written in the test.
type sources map[string]*types.Package

func (s sources) Import(path string) (*types.Package, error) { return s[path], nil }

func check(t *testing.T, s sources, path, text string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path+".go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{Importer: s}).Check(path, fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s[path] = pkg
	return pkg
}

// The walker sees an internal type wherever it can hide, and only what is shown.
func TestWalkerSeesLeaks(t *testing.T) {
	s := sources{}
	check(t, s, "machlup/internal/rng", "package rng\ntype Stream struct{}\nfunc (Stream) Draw() {}\ntype Word uint64")
	head := "package p\nimport \"machlup/internal/rng\"\nvar _ rng.Word\n"
	for _, leak := range []string{
		"func F(s *rng.Stream) {}",
		"func F() []rng.Word { return nil }",
		"func F(f func(map[string]rng.Word)) {}",
		"func F[T interface{ ~[]rng.Word }](x T) {}",
		"var V chan rng.Word",
		"const C rng.Word = 1",
		"type T struct{ S [2]rng.Stream }",
		"type T struct{ *rng.Stream }",
		"type T struct{}\nfunc (*T) M(rng.Word) {}",
		"type T interface{ M() rng.Stream }",
		"type T = rng.Stream",
		"type T []rng.Word",
		"type u struct{ S rng.Stream }\nfunc F() u { return u{} }",
		"type u struct{}\nfunc (u) M(rng.Word) {}\ntype T struct{ u }",
		"type G[A any] struct{ a A }\nfunc F() G[rng.Word] { panic(0) }",
	} {
		if found := leaks(check(t, s, "machlup/p", head+leak)); len(found) == 0 {
			t.Errorf("no leak seen in:\n%s", leak)
		}
	}
	for _, fine := range []string{
		"func f(s *rng.Stream) {}",
		"type T struct{ s rng.Stream }",
		"type T struct{}\nfunc (T) m(rng.Word) {}",
		"type Source interface{ Draw() }\nfunc F(Source) {}",
	} {
		if found := leaks(check(t, s, "machlup/p", head+fine)); len(found) > 0 {
			t.Errorf("%v in:\n%s", found, fine)
		}
	}
}
