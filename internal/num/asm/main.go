// Command asm writes the assembly of machlup/internal/num: each kernel for AVX2 with FMA and
// for AVX-512, from one description. It is a module of its own so that the program itself
// does not depend on the assembler library.
package main

import (
	"bytes"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files lists the kernels of each file, next to the Go file that holds their reference.
var files = map[string][]func(*code){
	"tiles":        {stripKernels, outerKernels, diagonal, transpose},
	"cholesky":     {solveBlock, restoreDiagonal, forward, backward},
	"matvec":       {rowDots, vecMat},
	"vector":       {dot, axpy},
	"relu":         {leaky, leakyGrad},
	"exp":          {exp},
	"log":          {log_},
	"sigmoid":      {sigmoid, sigmoidGrad},
	"softplus":     {softplus, softplusGrad},
	"tanh":         {tanh, tanhGrad},
	"adam":         {adam},
	"normals":      {normals},
	"exponentials": {exponentials},
	"shallow":      {shallowForward, shallowGradInput, shallowGradWeights},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: asm DIRECTORY, that of the package to write")
	}
	for name, kernels := range files {
		if err := os.WriteFile(filepath.Join(os.Args[1], name+"_amd64.s"), generate(name, kernels), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// generate returns the text of one file.
func generate(name string, kernels []func(*code)) []byte {
	ctx := build.NewContext()
	shared := &constants{prefix: name}
	for _, wide := range []bool{false, true} {
		for _, kernel := range kernels {
			kernel(&code{Context: ctx, wide: wide, constants: shared})
		}
	}
	shared.define(ctx)
	file, err := ctx.Result()
	if err != nil {
		build.LogError(log.Default(), err, 20)
		log.Fatal(name)
	}
	if err := pass.Compile.Execute(file); err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "go generate (internal/num/asm)", Pkg: "num"}).Print(file)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return append(bytes.TrimSpace(text), '\n')
}
