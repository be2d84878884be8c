//! `#[derive(Parameters)]`: a struct as a tree of parameters, over any scalar.
//!
//! The struct with other numbers, `With<S>`, is the same struct with its type parameters exchanged: the scalar by S, a
//! node A by `A::With<S>`. Then every field has its right type by itself, because the fields' `With` do the same. No
//! where-clause for a field's type is written: it would hide from the compiler what that `With` is.

use crate::ast::{Errors, report};
use crate::vmap::{is_scalar, mentions};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, GenericParam, Member, Type, parse_quote};

/// The run-time crate implements `Parameters` for tuples up to this length.
const LONGEST_TUPLE: usize = 8;

/// How a field takes part.
#[derive(PartialEq)]
enum Role {
    /// A part with numbers.
    Part,
    /// `#[parameters(skip)]`: cloned.
    Skipped,
    /// `PhantomData<..>`: made anew, its type may change.
    Phantom,
}

/// A field with the name that it has in a path.
struct Part<'a> {
    field: &'a Field,
    member: Member,
    path: String,
    role: Role,
}

/// What the type parameters of the struct are.
struct Roles {
    scalar: Option<Ident>,
    nodes: Vec<Ident>,
}

/// The implementation, or all that is wrong.
pub fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Vec::new();
    let implementation = implementation(&input, &mut errors);
    let report = report(errors);
    if report.is_empty() { implementation.unwrap_or_default() } else { quote!(#(#report)*) }
}

/// The implementation, if the errors leave enough for one.
fn implementation(input: &DeriveInput, errors: &mut Errors) -> Option<TokenStream> {
    let Data::Struct(data) = &input.data else {
        let text = "`derive(Parameters)` is for structs; for a choice between operators use `Boxed`";
        errors.push(Error::new(input.ident.span(), text));
        return None;
    };
    let parts: Vec<_> =
        data.fields.members().zip(&data.fields).map(|(member, field)| part(member, field, errors)).collect();
    let roles = roles(input, &parts, errors);
    let first = parts.iter().find(|part| part.role == Role::Part);
    if first.is_none() && roles.scalar.is_none() {
        errors.push(Error::new(input.ident.span(), "`derive(Parameters)` needs a field with numbers"));
    }
    let name = &input.ident;
    let number = match (&roles.scalar, roles.nodes.first(), first) {
        (Some(scalar), ..) => scalar.to_token_stream(),
        (None, Some(node), _) => quote!(<#node as ::cola::Parameters>::Number),
        (None, None, first) => {
            let ty = &first?.field.ty;
            quote_spanned!(ty.span()=> <#ty as ::cola::Parameters>::Number)
        }
    };

    let generics = bounded(input, &roles, &parts, &number);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let arguments = |node: &dyn Fn(&Ident) -> TokenStream, scalar: TokenStream| -> Vec<TokenStream> {
        let one = |parameter: &GenericParam| match parameter {
            GenericParam::Type(ty) if roles.scalar.as_ref() == Some(&ty.ident) => scalar.clone(),
            GenericParam::Type(ty) if roles.nodes.contains(&ty.ident) => node(&ty.ident),
            GenericParam::Type(ty) => ty.ident.to_token_stream(),
            GenericParam::Const(constant) => constant.ident.to_token_stream(),
            GenericParam::Lifetime(lifetime) => lifetime.lifetime.to_token_stream(),
        };
        input.generics.params.iter().map(one).collect()
    };
    let same = arguments(&|node| node.to_token_stream(), number.clone());
    let owned = arguments(&|node| quote!(<#node as ::cola::Parameters>::Owned), number.clone());
    let with = arguments(&|node| quote!(<#node as ::cola::Parameters>::With<__S>), quote!(__S));

    let tree: Vec<_> = parts.iter().filter(|part| part.role == Role::Part).collect();
    let is_fixed = roles.scalar.is_none() && roles.nodes.is_empty();
    if is_fixed && tree.len() > LONGEST_TUPLE {
        let text = format!(
            "without a type parameter the tree over another scalar is a tuple, of at most {LONGEST_TUPLE} fields: give the struct a parameter `T: Scalar`"
        );
        errors.push(Error::new(name.span(), text));
    }
    let (with, with_value) = if is_fixed {
        let types = tree.iter().map(|part| &part.field.ty);
        let values = tree.iter().map(|part| part.enter("traverse"));
        (quote!((#(<#types as ::cola::Parameters>::With<__S>,)*)), quote!((#(#values,)*)))
    } else {
        let fields = parts.iter().map(|part| part.rebuilt("traverse"));
        (quote!(#name<#(#with),*>), quote!(#name { #(#fields),* }))
    };
    let visits = tree.iter().map(|part| part.enter("visit"));
    let frames = tree.iter().map(|part| part.frame());
    let rebuilt = parts.iter().map(|part| part.rebuilt("rebuild"));
    Some(quote! {
        #[automatically_derived]
        #[allow(unused_variables, clippy::unused_unit, reason = "a struct may have no leaf")]
        impl #impl_generics ::cola::Parameters for #name<#(#same),*> #where_clause {
            type Number = #number;
            type With<__S: ::cola::Scalar> = #with;
            type Owned = #name<#(#owned),*>;

            fn visit<'__a>(
                &'__a self,
                path: &mut ::cola::Path,
                f: &mut dyn ::core::ops::FnMut(&str, ::std::borrow::Cow<'__a, [Self::Number]>),
            ) {
                #(#visits;)*
            }

            fn traverse<__S: ::cola::Scalar>(
                &self,
                path: &mut ::cola::Path,
                f: &mut dyn ::core::ops::FnMut(&str, &[Self::Number], &mut [__S]),
            ) -> Self::With<__S> {
                #with_value
            }

            fn rebuild(
                &self,
                path: &mut ::cola::Path,
                f: &mut dyn ::core::ops::FnMut(&str, &[Self::Number], &mut [Self::Number]),
            ) -> Self::Owned {
                #name { #(#rebuilt),* }
            }

            fn frame(&self, f: &mut dyn ::core::ops::FnMut(::cola::Frame)) {
                #(#frames;)*
            }
        }
    })
}

impl Part<'_> {
    /// The method applied to this part, one step down the path. At the field's place: there belongs the error if its
    /// type is no tree, or, in a struct of fixed types, if it borrows.
    fn enter(&self, method: &str) -> TokenStream {
        let (member, path, span) = (self.member_at_type(), &self.path, self.field.ty.span());
        let method = Ident::new(method, span);
        quote_spanned!(span=> path.enter(#path, |path| ::cola::Parameters::#method(&self.#member, path, f)))
    }

    /// The shapes and indices of this part.
    fn frame(&self) -> TokenStream {
        let member = self.member_at_type();
        quote_spanned!(self.field.ty.span()=> ::cola::Parameters::frame(&self.#member, f))
    }

    /// The member, at the place of its type: a type that is no tree is reported once.
    fn member_at_type(&self) -> Member {
        let mut member = self.member.clone();
        if let Member::Named(name) = &mut member {
            name.set_span(self.field.ty.span().resolved_at(name.span()));
        }
        member
    }

    /// `member: value` of the new struct.
    fn rebuilt(&self, method: &str) -> TokenStream {
        let member = &self.member;
        let value = match self.role {
            Role::Part => self.enter(method),
            Role::Skipped => {
                quote_spanned!(self.field.span()=> ::core::clone::Clone::clone(&self.#member))
            }
            Role::Phantom => quote!(::core::marker::PhantomData),
        };
        quote!(#member: #value)
    }
}

/// Reads a field and its attribute.
fn part<'a>(member: Member, field: &'a Field, errors: &mut Errors) -> Part<'a> {
    let path = match &member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    };
    let mut is_skipped = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters")) {
        let parsed = attribute.parse_nested_meta(|meta| match meta.path.is_ident("skip") {
            true => {
                is_skipped = true;
                Ok(())
            }
            false => Err(meta.error("a field takes `#[parameters(skip)]`; the scalar is named on the struct")),
        });
        errors.extend(parsed.err());
    }
    let is_phantom =
        matches!(&field.ty, Type::Path(ty) if ty.path.segments.last().is_some_and(|last| last.ident == "PhantomData"));
    let role = match () {
        _ if is_phantom => Role::Phantom,
        _ if is_skipped => Role::Skipped,
        _ => Role::Part,
    };
    if role == Role::Part && has_lifetime(field.ty.to_token_stream()) {
        let text = "a field cannot borrow here: make it a type parameter, `struct Model<A> { part: A }`; A may then be `&Part`";
        errors.push(Error::new(field.ty.span(), text));
    }
    Part { field, member, path, role }
}

/// Whether a type borrows: its tree over another scalar is owned and would be another type.
fn has_lifetime(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_lifetime(group.stream()),
        TokenTree::Punct(sign) => sign.as_char() == '\'' || sign.as_char() == '&',
        _ => false,
    })
}

/// Sorts the type parameters into scalar, nodes and others.
fn roles(input: &DeriveInput, parts: &[Part], errors: &mut Errors) -> Roles {
    let types: Vec<_> = input.generics.type_params().collect();
    let mut scalar: Option<Ident> = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("scalar") {
                return Err(
                    meta.error("a struct takes `#[parameters(scalar = T)]`; a field takes `#[parameters(skip)]`")
                );
            }
            let name: Ident = meta.value()?.parse()?;
            if !types.iter().any(|ty| ty.ident == name) {
                return Err(Error::new(name.span(), format!("`{name}` is no type parameter of this struct")));
            }
            scalar = Some(name);
            Ok(())
        });
        errors.extend(parsed.err());
    }
    for ty in types.iter().filter(|ty| is_scalar(ty, &input.generics)) {
        match &scalar {
            None => scalar = Some(ty.ident.clone()),
            Some(first) if *first != ty.ident => {
                let text = format!(
                    "a tree has one scalar, and `{first}` is it already; a part with another scalar is `#[parameters(skip)]`"
                );
                errors.push(Error::new(ty.ident.span(), text));
            }
            _ => {}
        }
    }
    let is_in = |role: Role, name: &Ident| {
        parts.iter().any(|part| part.role == role && mentions(part.field.ty.to_token_stream(), name))
    };
    let others = types.iter().filter(|ty| scalar.as_ref() != Some(&ty.ident));
    let nodes: Vec<_> = others.filter(|ty| is_in(Role::Part, &ty.ident)).collect();
    for bound in nodes.iter().flat_map(|node| &node.bounds) {
        let is_harmless = match bound {
            syn::TypeParamBound::Trait(bound) => {
                bound.path.segments.last().is_some_and(|last| last.ident == "Parameters")
            }
            _ => false,
        };
        if !is_harmless {
            let text = "state this bound at the impls, not at the struct: the same tree over another scalar need not satisfy it";
            errors.push(Error::new(bound.span(), text));
        }
    }
    let nodes: Vec<_> = nodes.iter().map(|node| node.ident.clone()).collect();
    for part in parts.iter().filter(|part| part.role == Role::Skipped) {
        if let Some(name) = nodes.iter().chain(&scalar).find(|name| mentions(part.field.ty.to_token_stream(), name)) {
            let text = format!("a skipped field is cloned, so its type cannot depend on `{name}`, which changes");
            errors.push(Error::new(part.field.ty.span(), text));
        }
    }
    Roles { scalar, nodes }
}

/// The struct's generics with the bounds of the implementation.
fn bounded(input: &DeriveInput, roles: &Roles, parts: &[Part], number: &TokenStream) -> syn::Generics {
    let mut generics = input.generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Type(ty) => (ty.eq_token, ty.default) = (None, None),
            GenericParam::Const(constant) => (constant.eq_token, constant.default) = (None, None),
            GenericParam::Lifetime(_) => {}
        }
    }
    let predicates = &mut generics.make_where_clause().predicates;
    if let Some(scalar) = &roles.scalar {
        predicates.push(parse_quote!(#scalar: ::cola::Scalar));
    }
    for (at, node) in roles.nodes.iter().enumerate() {
        // The first node is the one that says what the numbers are.
        predicates.push(match roles.scalar.is_none() && at == 0 {
            true => parse_quote!(#node: ::cola::Parameters),
            false => parse_quote!(#node: ::cola::Parameters<Number = #number>),
        });
    }
    let kept = input
        .generics
        .type_params()
        .map(|ty| &ty.ident)
        .filter(|name| roles.scalar.as_ref() != Some(name) && !roles.nodes.contains(name));
    for name in kept {
        for part in
            parts.iter().filter(|part| part.role == Role::Skipped && mentions(part.field.ty.to_token_stream(), name))
        {
            let ty = &part.field.ty;
            predicates.push(parse_quote!(#ty: ::core::clone::Clone));
        }
    }
    generics
}
