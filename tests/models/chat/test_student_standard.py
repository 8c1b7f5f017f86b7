"""LangChain's standard tests: the unit tests with the tiny model, the integration tests with the real small one."""

import pytest

pytest.importorskip("torch")
standard_unit = pytest.importorskip("langchain_tests.unit_tests")
standard_integration = pytest.importorskip("langchain_tests.integration_tests")


class TestStandardUnit(standard_unit.ChatModelUnitTests):
    """Constructing, parameters, serialization."""

    @pytest.fixture(autouse=True)
    def _loaded(self, tiny_student):
        type(self).pipeline_of_tiny = tiny_student.llm

    @property
    def chat_model_class(self):
        from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

        return BatchedChatHuggingFace

    @property
    def chat_model_params(self):
        return {"llm": self.pipeline_of_tiny, "tokenizer": self.pipeline_of_tiny.pipeline.tokenizer}

    @pytest.fixture
    def model(self, _loaded):
        return self.chat_model_class(**self.chat_model_params)

    @pytest.mark.xfail(reason="times with a plugin that is off here; this one only constructs", strict=False)
    def test_init_time(self):
        """The suite's own times construction with a plugin; no test here asserts a time."""
        assert self.chat_model_class(**self.chat_model_params)


@pytest.mark.slow
class TestStandardIntegration(standard_integration.ChatModelIntegrationTests):
    """Calls of every kind. A 135M model does not reliably call tools, and nothing forces its text into a schema."""

    has_tool_calling = False
    has_structured_output = False

    @pytest.fixture(autouse=True)
    def _loaded(self, real_student):
        type(self).student = real_student

    @property
    def chat_model_class(self):
        return type(self.student)

    @property
    def chat_model_params(self):
        return {"llm": self.student.llm, "tokenizer": self.student.tokenizer, "max_tokens": 24}

    @pytest.fixture
    def model(self, _loaded):
        model = self.chat_model_class(**self.chat_model_params)
        yield model
        model.close()

    @pytest.mark.xfail(reason="times with a plugin that is off here; this one only streams", strict=False)
    def test_stream_time(self, model):
        """The suite's own records network traffic and times it."""
        assert list(model.stream("Write a story about a cat."))
